"""Figures that are not to be relied on, and what is no longer decided by them, over made-up rounds."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import floors, report
from loadtests.analyse import analyse, claims, marks
from loadtests.analyse.limits import _Found, _kept, answer
from loadtests.analyse.verdict import Held, Kept
from loadtests.levels import LONG, Level
from loadtests.plan import Plan, make_plan
from loadtests.records import Round
from loadtests.report import terminal
from loadtests.targets import load_targets
from tests.unit.loadtests import made_up
from tests.unit.loadtests.looked_up import changed, panel_of, section

GEVENT = "flask-gevent"
GAP, FIRST = "Gap between tokens, p99", "Time to first token, p99"


def limits() -> Plan:
    """A plan of `--limits` with its floors, on a generator that is not calibrated."""
    targets = made_up.targets()
    return make_plan(targets, mode="limits", only=(LONG,), floors=floors.of(targets, load_targets()))


def merge(*targets: str) -> made_up.Bend:
    """Rounds of these targets in which each read of long streams held two tokens."""

    def bend(done: Round) -> Round:
        if done.target not in targets:
            return done
        drives = tuple(
            driven.model_copy(
                update={"result": driven.result.model_copy(update={"events_per_read": 2.0, "itl_reliable": False})}
            )
            for driven in done.drives
        )
        return done.model_copy(update={"drives": drives})

    return bend


def fall_behind(done: Round) -> Round:
    """flask-gevent ends three of five streams that are offered."""
    if (done.scenario, done.target) != (LONG, GEVENT):
        return done
    (driven,) = done.drives
    other = driven.result.model_copy(
        update={
            "throughput": 0.6 * driven.result.throughput,
            "in_flight": driven.result.in_flight.model_copy(update={"max": 1_700}),
        }
    )
    return done.model_copy(update={"drives": (driven.model_copy(update={"result": other}),)})


def rows(held: tuple[Held, ...], target: str) -> dict[str, Held]:
    """The target's rows by what is wanted."""
    return {row.what: row for row in held if row.target == target}


@pytest.mark.parametrize(
    ("ends", "sure", "kept"),
    [
        ((1.1, 1.5), True, "held"),
        ((1.1, 1.6), True, "held"),
        ((1.38, 1.89), True, "not clear"),
        ((1.7, 1.9), True, "not held"),
        ((1.7, 1.9), False, "not clear"),
        ((1.1, 1.5), False, "not clear"),
        (None, True, "not measured"),
    ],
)
def test_all_of_the_interval_has_to_be_on_one_side(ends: tuple[float, float] | None, sure: bool, kept: Kept) -> None:
    """At most 1.60: held inside, not held outside, and not clear across it or where the figure is not reliable."""
    assert _kept(_Found(ends, "", sure), None, 1.6) == kept


def test_what_is_not_clear_is_counted_in_the_answer() -> None:
    """Two of four held, one reaches across; what was not measured is no part of it."""
    some: tuple[Kept, ...] = ("held", "held", "not clear", "not held", "not measured")
    level = Level(users=1, seconds=1, warmup=1)
    held = [Held(scenario=LONG, target="a", level=level, what="", wanted="", measured="", kept=kept) for kept in some]
    assert answer(held).endswith("held: a 2 of 4 (1 not clear).")
    assert answer(held[:2]).endswith("held: a 2 of 2.")


def test_a_gap_that_is_not_known_decides_nothing_and_all_three_reports_say_so(tmp_path: Path) -> None:
    """The target's row is not clear, with the events a read; it has no ratio to the baseline or to its floor."""
    planned = limits()
    run = made_up.a_run(tmp_path, planned, bend=merge(GEVENT))
    found = analyse(run)
    assert rows(found.held, GEVENT)[GAP].kept == "not clear"
    assert rows(found.held, GEVENT)[GAP].measured.endswith("unreliable: 2.00 events a read")
    assert rows(found.held, "flask-gthread")[GAP].kept == "not held"
    panel = panel_of(found, LONG, "itl_p99")
    assert (panel.cell(GEVENT).ratio, panel.cell(GEVENT).mark) == (None, "unreliable: 2.00 events a read")
    assert panel.cell("flask-gthread").ratio is not None
    (cell,) = [c for p in found.floors if p.key == "itl_p99" for c in p.cells if c.target == GEVENT]
    assert (cell.ratio, cell.why) == (None, "unreliable: 2.00 events a read")
    (said,) = [text for text in section(found, LONG).warnings if "gaps between tokens" in text]
    assert said.startswith(f"{GEVENT}: up to 2.00 events came in one read")
    report.write(run)
    console = Console(file=StringIO(), width=400)
    terminal.show(console, planned, found)
    assert isinstance(console.file, StringIO)
    for text in (
        *((tmp_path / run.folder / name).read_text("utf-8") for name in ("report.html", "summary.md")),
        console.file.getvalue(),
    ):
        assert "unreliable: 2.00 events a read" in text
        assert "not clear" in text
        assert "Held: all of that is within what is wanted" in text
        assert "ms (unreliable)" in text


def test_a_baseline_whose_gaps_are_not_known_is_no_measure_for_others(tmp_path: Path) -> None:
    """Nobody's gaps are compared with it, and the other figures are."""
    planned = limits()
    found = analyse(made_up.a_run(tmp_path, planned, bend=merge(planned.baseline)))
    assert {cell.ratio for cell in panel_of(found, LONG, "itl_p99").cells} == {None}
    assert panel_of(found, LONG, "ttft_p99").cell(GEVENT).ratio is not None


def test_refused_rounds_leave_no_mark(tmp_path: Path) -> None:
    """They are in no figure."""
    planned = limits()

    def bend(done: Round) -> Round:
        bent = merge(GEVENT)(done)
        return bent.model_copy(update={"reasons": ("it was late",)}) if done.target == GEVENT else bent

    found = analyse(made_up.a_run(tmp_path, planned, bend=bend))
    assert {cell.mark for cell in panel_of(found, LONG, "itl_p99").cells} == {""}
    assert not [text for text in section(found, LONG).warnings if "gaps between tokens" in text]


def test_a_queue_that_grows_through_the_window_is_said(tmp_path: Path) -> None:
    """Whose, by how much, and what its times depend on: beside the scenario, and in the row of its first token."""
    planned = limits()
    run = made_up.a_run(tmp_path, planned, bend=fall_behind)
    found = analyse(run)
    (said,) = [text for text in section(found, LONG).warnings if "queue grew" in text]
    assert said.startswith(f"{GEVENT} does not keep up with 1,000 streams at once: it ended 128 of 213 a second")
    assert rows(found.held, GEVENT)[FIRST].measured.endswith("and growing: it ended 128 of 213 a second")
    (level,) = planned.scenario(LONG).levels
    assert marks.behind(run.rounds, "flask-gthread", level) is None


def test_a_queued_request_is_no_open_stream(tmp_path: Path) -> None:
    """1,700 in flight at 1,000 places: memory is divided by what the load is meant to hold open."""
    planned = limits()
    panel = panel_of(analyse(made_up.a_run(tmp_path / "queue", planned, bend=fall_behind)), LONG, "mib_stream")
    (driven,) = made_up.a_round(planned, next(r for r in planned.rounds if r.target == GEVENT)).drives
    grown = (driven.samples[-1].rss_bytes - driven.samples[0].rss_bytes) / 1024 / 1024
    assert panel.median(GEVENT) == pytest.approx(grown / 1_000, rel=0.05)


def test_one_slot_for_many_users_has_no_memory_for_each_stream(tmp_path: Path) -> None:
    """31 of 32 users wait outside: there is no such figure, and it says why."""
    found = analyse(made_up.a_run(tmp_path, made_up.plan("fastapi-uvicorn", "flask-sync", only=("stream",))))
    cell = panel_of(found, "stream", "mib_stream").cell("flask-sync")
    assert (cell.value, cell.why) == (None, "not known: users wait for its slots")


def test_a_claim_that_is_up_to_unreliable_gaps_is_not_judged(tmp_path: Path) -> None:
    """gevent's gaps decide between two verdicts, so there is none; where all agree, there is."""
    planned = made_up.plan(only=("stream",))
    plain = next(row for row in analyse(made_up.a_run(tmp_path / "plain", planned)).rows if row.key == "streaming")
    assert plain.holds == claims.NO
    unclear = analyse(made_up.a_run(tmp_path / "merged", planned, bend=changed(planned, GEVENT, token_reads=100)))
    row = next(row for row in unclear.rows if row.key == "streaming")
    assert row.holds == claims.NOT_CLEAR
    assert "(unreliable)" in row.measured
