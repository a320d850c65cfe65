"""Targets against their floors, and what is wanted at the limit, over made-up rounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests import floors, report
from loadtests.analyse import analyse
from loadtests.analyse.units import TIMES
from loadtests.analyse.verdict import FloorPanel, Held, Verdict
from loadtests.levels import LONG
from loadtests.plan import Plan, at_ceiling, make_plan
from loadtests.records import Round
from loadtests.report.trust import badges
from loadtests.results import Run
from loadtests.targets import load_targets
from tests.unit.loadtests import made_up


def limits(*, floored: bool = True) -> Plan:
    """The plan of `--limits` on a machine like ours."""
    targets = made_up.targets()
    bare = floors.of(targets, load_targets()) if floored else ()
    return at_ceiling(make_plan(targets, mode="limits", floors=bare), 40_000)


def outrun(done: Round) -> Round:
    """The bare ASGI app answers more than the generator can time."""
    fast = (done.scenario, done.target) == ("chat", "floor-asgi-uvicorn")
    return done.model_copy(update={"untimed": ("the generator's CPU was over 60%",)}) if fast else done


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A made-up run at the limit."""
    return made_up.a_run(tmp_path_factory.mktemp("limits"), limits(), bend=outrun)


@pytest.fixture(scope="module")
def found(run: Run) -> Verdict:
    """What it says."""
    return analyse(run)


def panel(found: Verdict, key: str, level: int = 0) -> FloorPanel:
    """The panel of that figure."""
    return [panel for panel in found.floors if panel.key == key][level]


def held(found: Verdict, target: str, what: str) -> list[Held]:
    """The rows of that target that say so."""
    return [row for row in found.held if row.target == target and row.what.startswith(what)]


def test_throughput_is_held_against_the_floors_in_each_block(found: Verdict) -> None:
    """By the guesses 1.3 to 2.0 and 0.4 to 0.9; the interval is over four blocks, and there is no word."""
    cells = {cell.target: cell for cell in panel(found, "throughput").cells}
    gevent, gthread = cells["flask-gevent"].ratio, cells["flask-gthread"].ratio
    assert gevent is not None
    assert gthread is not None
    assert gevent.value == pytest.approx(1.3 / 2.0, rel=0.03)
    assert gthread.value == pytest.approx(0.4 / 0.9, rel=0.03)
    assert (gevent.blocks, gevent.word, gevent.adjusted) == (4, None, None)
    assert gevent.low < gevent.value < gevent.high


def test_a_floor_that_outruns_the_generator_is_held_by_its_counts_alone(found: Verdict) -> None:
    """Its throughput is the generator's, so there is none to be held against; by CPU there is, and its name is said."""
    (cell,) = [cell for cell in panel(found, "throughput").cells if cell.target == "fastapi-uvicorn"]
    assert (cell.ratio, cell.least) == (None, None)
    assert "more than the generator can time" in cell.why
    for key in ("per_cpu_second", "cpu_ms"):
        (cell,) = [cell for cell in panel(found, key).cells if cell.target == "fastapi-uvicorn"]
        assert cell.ratio is not None
        assert cell.value is not None
        assert cell.least is not None
        assert cell.ratio.value == pytest.approx(cell.value.median / cell.least.median, rel=0.02)
        assert panel(found, key).counted == ("floor-asgi-uvicorn",)


def test_no_floor_gets_into_verdicts_claims_or_their_corrections(run: Run, found: Verdict) -> None:
    """The panels of the report hold the targets alone, and the same ratios as without floors."""
    names = {cell.target for section in found.sections for panel in section.panels for cell in panel.cells}
    assert names == {target.name for target in run.plan.compared}
    bare = {floor.name for floor in run.plan.floors}
    without = tuple(done for done in run.rounds if done.target not in bare)
    plain = analyse(Run(run.folder, run.plan, run.environment, run.handwork, without))
    assert [s.panels for s in plain.sections] == [s.panels for s in found.sections]
    assert found.rows == ()


def test_a_target_has_its_own_loads_only(found: Verdict) -> None:
    """gthread has room for 1,000 streams, so it is in no row of more."""
    more = panel(found, "cpu_million", 1)
    assert more.level.streams == 1_400
    assert {cell.target for cell in more.cells} == {"fastapi-uvicorn", "flask-gevent"}
    assert {row.level.streams for row in held(found, "flask-gthread", "CPU per event")} == {1_000}


def test_what_is_wanted_is_held_or_not(found: Verdict) -> None:
    """Each framework by its own bound, each row with what was wanted beside what was measured."""
    (fastapi,) = held(found, "fastapi-uvicorn", "Throughput")
    assert (fastapi.what, fastapi.wanted) == ("Throughput by CPU, of the floor's", f"at least 0.20{TIMES}")
    (gevent,), (gthread,) = held(found, "flask-gevent", "Throughput"), held(found, "flask-gthread", "Throughput")
    assert (gevent.wanted, gevent.kept, gthread.kept) == (f"at least 0.55{TIMES}", "held", "not held")
    gaps, firsts = held(found, "fastapi-uvicorn", "Gap"), held(found, "fastapi-uvicorn", "Time to first")
    assert {(row.wanted, row.kept) for row in gaps} == {("at most 55 ms", "not held")}  # made up: 50.5 ms and a tail
    assert {(row.wanted, row.kept) for row in firsts} == {("at most 100 ms", "held")}
    assert found.answer.startswith("Of what is wanted of a server at its limit, held: fastapi-uvicorn ")


def test_a_truncated_stream_of_a_refused_round_counts(tmp_path: Path) -> None:
    """A round with one is refused, so the good ones have none; the row looks at all of them."""
    planned = limits()

    def bend(done: Round) -> Round:
        if (done.scenario, done.target, done.block) != (LONG, "flask-gevent", 1):
            return done
        cut = done.drives[0].result.model_copy(
            update={"streams": done.drives[0].result.streams.model_copy(update={"truncated": 2})}
            if done.drives[0].result.streams
            else {}
        )
        drives = (done.drives[0].model_copy(update={"result": cut}), *done.drives[1:])
        return done.model_copy(update={"drives": drives, "reasons": ("streams were truncated",)})

    found = analyse(made_up.a_run(tmp_path, planned, bend=bend))
    first, second = held(found, "flask-gevent", "Streams truncated")
    assert (first.kept, second.kept) == ("not held", "held")
    assert first.measured.startswith("2 of ")


def test_too_few_pairs_are_no_ratio(tmp_path: Path) -> None:
    """One block is a number and no size: it is said how many there are, and nothing is held or broken by it."""
    planned = limits()
    first = sum(each.block == 1 for each in planned.rounds)
    found = analyse(made_up.a_run(tmp_path, planned, rounds=first))
    assert {cell.why for cell in panel(found, "cpu_million").cells} == {"1 good pair of 3 needed"}
    assert {row.kept for row in held(found, "flask-gevent", "CPU per event")} == {"not measured"}


def test_without_floors_what_needs_none_is_held_all_the_same(tmp_path: Path) -> None:
    """`--limits --no-floors`: paces, truncation and memory are in the table, ratios are not measured."""
    found = analyse(made_up.a_run(tmp_path, limits(floored=False)))
    assert found.floors == ()
    assert {row.what for row in found.held} == {
        "Gap between tokens, p99",
        "Time to first token, p99",
        "Streams truncated",
        "Memory per open stream",
    }


def test_page_summary_and_terminal_say_the_same(run: Run) -> None:
    """What a floor is, each ratio with its interval, both figures, and the table of what is wanted."""
    found = report.write(run)
    page, summary = ((run.folder / name).read_text("utf-8") for name in ("report.html", "summary.md"))
    ratio = next(c.ratio for c in panel(found, "throughput").cells if c.target == "flask-gevent")
    assert ratio is not None
    said = f"{ratio.value:.2f}{TIMES}", f"{ratio.low:.2f} to {ratio.high:.2f}"
    for text in (page, summary):
        assert "A floor is a bare application" in text
        assert "In some round that was floor-asgi-uvicorn." in text
        assert all(part in text for part in said)
        assert f"at least 0.55{TIMES}" in text
    assert 'id="floors"' in page
    assert 'id="held"' in page
    assert "parity compare fastapi-uvicorn flask-gthread flask-gevent --limits" in page


def test_a_run_without_floors_says_nothing_of_them(quick: Run, tmp_path: Path) -> None:
    """Runs from before there were floors have no such section, and their command makes a run without them."""
    run = Run(tmp_path, quick.plan, quick.environment, quick.handwork, quick.rounds)
    report.write(run)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert 'id="floors"' not in page
    assert "--quick --no-floors" in page


def test_a_load_that_was_left_out_takes_nothing_else_with_it(tmp_path: Path) -> None:
    """Flask on gevent at its second load, which the generator did not keep up with in two of four rounds: those are
    missing there, said, and counted; its other load and the other targets are as they were."""

    def busy(done: Round) -> Round:
        if (done.scenario, done.target) != (LONG, "flask-gevent") or done.block > 2:
            return done
        at_first, worst = done.drives
        worse = made_up.result(LONG, worst.level, 200.0, cpu_percent=75.0)
        return done.model_copy(update={"drives": (at_first, worst.model_copy(update={"result": worse}))})

    run = made_up.a_run(tmp_path, limits(), bend=busy)
    found = analyse(run)
    (long,) = [section for section in found.sections if section.scenario == LONG]
    first, last = run.plan.scenario(LONG).levels
    cells = {
        (panel.level, cell.target): cell for panel in long.panels if panel.key == "cpu_million" for cell in panel.cells
    }
    assert cells[last, "flask-gevent"].value is None
    assert cells[last, "flask-gevent"].why == "no verdict: 2 good of 3 needed, 2 left out"
    assert cells[first, "flask-gevent"].value is not None
    assert cells[last, "fastapi-uvicorn"].value is not None
    (warning,) = [text for text in long.warnings if "left out" in text]
    assert warning.startswith(
        f"flask-gevent: left out, while the other loads of the same rounds count: {last.label} in 2 rounds"
    )
    assert {row.kept for row in held(found, "flask-gevent", "CPU per event") if row.level == last} == {"not measured"}
    (badge,) = [badge for badge in badges(run, found) if badge.what == "Rounds"]
    assert badge.words == "48 of 48 count, without 2 of their loads"
    assert badge.state == "care"
