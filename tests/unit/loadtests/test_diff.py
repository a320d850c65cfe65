"""Two made-up runs held against each other: what changed, what is warned of, and which change is trusted."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from loadtests import diff as differ
from loadtests import results
from loadtests.analyse.units import DASH, TIMES
from loadtests.diff import DiffOptions, words
from loadtests.diff.model import Change, Diff
from loadtests.errors import UserError
from loadtests.files import write
from loadtests.measure.environment import Package
from loadtests.records import Ceiling, Round
from loadtests.results import Run
from loadtests.schema_version import SCHEMA_VERSION
from tests.unit.loadtests import made_up
from tests.unit.loadtests.two_runs import GEVENT, a_run, line, pair, shown


def test_a_run_against_itself_has_not_changed(tmp_path: Path) -> None:
    """Each ratio is 1, nothing is called a change, and nothing is warned of."""
    run = a_run(tmp_path)
    found = differ.compared(run, run)
    changes = [each for ln in found.lines for each in (ln.absolute, ln.relative) if each]
    assert changes
    assert {each.word for each in changes} <= {"equivalent", "no clear difference", None}
    assert all(math.isclose(each.value, 1.0) and each.low <= 1.0 <= each.high for each in changes)
    assert (found.by, found.differences, found.left_out) == ("absolute", (), ())


def test_a_target_that_became_slower_is_found(tmp_path: Path) -> None:
    """On one machine the figure itself says so, with an interval about the truth; the others are not touched."""
    found = pair(tmp_path, by={GEVENT: 0.8})
    change = line(found, "flask-gevent").absolute
    assert change
    assert change.word == "lower"
    assert change.low < 0.8 < change.high
    assert math.isclose(change.value, 0.8)
    other = line(found, "flask-gthread").absolute
    assert other
    assert other.word != "lower"


def test_a_faster_machine_cancels_out_of_the_ratio_of_ratios(tmp_path: Path) -> None:
    """Everything twice as fast on another processor: by the ratio of ratios nothing changed, and it is trusted."""
    found = pair(tmp_path, {"cpu": "Imaginary 9001"}, dict.fromkeys(made_up.NAMES, 2.0))
    gevent = line(found, "flask-gevent")
    assert gevent.absolute
    assert gevent.relative
    assert (gevent.absolute.word, gevent.relative.word) == ("higher", "equivalent")
    assert math.isclose(gevent.relative.value, 1.0)
    assert found.by == "relative"
    assert "The machines differ" in found.why_by


def test_the_baseline_has_no_ratio_of_ratios(tmp_path: Path) -> None:
    """It is what the others are held against, and the line says so."""
    found = line(pair(tmp_path), "fastapi-uvicorn")
    assert found.absolute
    assert found.relative is None
    assert found.why_not_relative == "the baseline itself"


def test_two_baselines_have_no_ratio_of_ratios(tmp_path: Path) -> None:
    """On one machine the figures are left; on two machines nothing can be said, and nothing is."""
    other = made_up.plan("flask-gthread", "flask-gevent", only=("chat",), blocks=8)
    a = a_run(tmp_path / "a")
    same, foreign = a_run(tmp_path / "b", other), a_run(tmp_path / "c", other, {"cpu": "another"})
    found = differ.compared(a, same)
    assert found.by == "absolute"
    assert {ln.why_not_relative for ln in found.lines} == {"the runs have different baselines"}
    assert "target fastapi-uvicorn: only in A" in found.left_out
    assert differ.compared(a, foreign).by == "neither"
    code, text = shown(DiffOptions(a.folder, foreign.folder, fail_if=("chat.throughput<0.95",)))
    assert code == 3, text
    assert "The runs cannot be compared" in text


FACTS: dict[str, tuple[dict[str, object], str, str]] = {
    "cpu": ({"cpu": "X"}, "machine", "processor"),
    "cores": ({"cores": 4}, "machine", "cores"),
    "memory": ({"memory_gib": 16.0}, "machine", "memory"),
    "kernel": ({"kernel": "Linux 10"}, "machine", "kernel"),
    "container": ({"container": "in a container"}, "machine", "container"),
    "python": ({"python": "CPython 3.12.0"}, "software", "Python"),
    "commit": ({"commit": "1" * 40}, "software", "commit"),
    "lock": ({"lock_sha256": "1" * 64}, "software", "lock file"),
    "dirty": ({"dirty": True}, "software", "source"),
    "package": ({"packages": (Package(name="fastapi", version="0.1"),)}, "software", "fastapi"),
}


@pytest.mark.parametrize(("change", "kind", "what"), FACTS.values(), ids=FACTS)
def test_what_differs_around_the_figures_is_warned_of(
    tmp_path: Path, change: dict[str, object], kind: str, what: str
) -> None:
    """Each recorded fact, by its kind; only another machine puts the ratio of ratios first."""
    found = pair(tmp_path, change)
    assert (kind, what) in {(item.kind, item.what) for item in found.differences}
    assert found.by == ("relative" if kind == "machine" else "absolute")
    _, text = shown(DiffOptions(next((tmp_path / "a").iterdir()), next((tmp_path / "b").iterdir())))
    assert re.search(rf"differs  {kind}: {what}: .* → ", text), text


def test_other_cores_are_another_machine(tmp_path: Path) -> None:
    """Server and generator on one core measure something else."""
    pinning = made_up.environment().pinning.model_copy(update={"server": (), "generator": (), "note": "not pinned"})
    found = pair(tmp_path, {"pinning": pinning})
    assert [(item.kind, item.what) for item in found.differences] == [("machine", "cores of server and generator")]


@pytest.mark.parametrize(("events", "by"), [(20_500.0, "absolute"), (15_000.0, "relative")])
def test_a_machine_that_only_looks_the_same_is_told_by_its_calibration(tmp_path: Path, events: float, by: str) -> None:
    """The generator's own ceiling, over 10% apart, is a difference of the machine."""

    def calibrated(root: Path, events: float) -> Run:
        ceiling = Ceiling(
            measured_at="2030-01-02 03:04:05 UTC",
            machine="Imaginary",
            events_per_second=events,
            requests_per_second=5_000,
            cpu_percent_at_events=55,
            cpu_percent_at_requests=55,
            seconds=60,
        )
        run = a_run(root)
        write(run.folder / "calibration.json", ceiling.model_dump_json(indent=1) + "\n")
        return results.load(run.folder)

    found = differ.compared(calibrated(tmp_path / "a", 20_000.0), calibrated(tmp_path / "b", events))
    assert found.by == by
    assert bool(found.differences) == (by == "relative")


def test_by_overrules_the_machines(tmp_path: Path) -> None:
    """Who knows that two machines are alike may say so, and the output says that it was said."""
    found = differ.compared(a_run(tmp_path / "a"), a_run(tmp_path / "b", change={"kernel": "X"}), "absolute")
    assert found.by == "absolute"
    assert found.why_by.startswith("The figures themselves are compared, as was asked for. Without --by: The machines")


def test_figures_are_corrected_in_the_families_of_one_run(tmp_path: Path) -> None:
    """Primary, charted, in the table: the smallest p of a family of n counts n times, and none less than its own."""
    found = pair(tmp_path, by={GEVENT: 0.9, "flask-gthread": 1.1})
    families: dict[tuple[bool, bool], list[Change]] = {}
    for ln in found.lines:
        if ln.better != "neither" and ln.absolute and ln.absolute.freedom:
            families.setdefault((ln.primary, ln.chart or ln.primary), []).append(ln.absolute)
    assert families.keys() == {(True, True), (False, True), (False, False)}
    for changes in families.values():
        least = min(changes, key=lambda change: change.p)
        assert least.adjusted == pytest.approx(min(1.0, len(changes) * least.p))
        assert all(change.adjusted is not None and change.adjusted >= change.p for change in changes)


def test_a_count_is_compared_as_it_is(tmp_path: Path) -> None:
    """A figure that is the same in every round has no noise: equal is equivalent, by its own p-value."""
    run = made_up.a_run(tmp_path, made_up.plan(only=("validation",), blocks=4))
    counts = [ln.absolute for ln in differ.compared(run, run).lines if ln.key == "caught"]
    told = [(c.freedom, c.value, c.low, c.high, c.adjusted, c.word) for c in counts if c]
    assert told == [(0, 1, 1, 1, 1, "equivalent")] * 3


def test_a_figure_that_is_neither_good_nor_bad_has_no_word(tmp_path: Path) -> None:
    """As in one run: its ratio is shown, a dash stands for the verdict, and it is in no family."""
    run = made_up.a_run(tmp_path, made_up.plan(only=("docs",), blocks=4))
    found = [ln for ln in differ.compared(run, run).lines if ln.better == "neither" and ln.absolute]
    assert {ln.key for ln in found} >= {"operations"}
    for ln in found:
        assert ln.absolute
        assert (ln.absolute.adjusted, ln.absolute.word) == (None, None)
        assert words.said(ln, ln.absolute) == DASH


def test_a_figure_without_a_verdict_has_no_change_and_says_why(tmp_path: Path) -> None:
    """Refused rounds in one of the runs leave a gap, not a figure."""

    def lame(done: Round) -> Round:
        return done.model_copy(update={"reasons": ("5 of 400 requests failed",)}) if "gevent" in done.target else done

    plan = made_up.plan(only=("chat",), blocks=4)
    a = made_up.a_run(tmp_path / "a", plan)
    b = made_up.a_run(tmp_path / "b", plan, bend=lame)
    found = line(differ.compared(a, b), "flask-gevent")
    assert (found.absolute, found.relative, found.b) == (None, None, None)
    assert found.why_not_absolute.startswith("B: no verdict: 0 good of 2 needed")


def test_two_rounds_are_too_few_for_an_interval(tmp_path: Path) -> None:
    """A spread of two numbers is no spread."""
    run = made_up.a_run(tmp_path, made_up.plan(only=("chat",), blocks=2))
    found = line(differ.compared(run, run), "flask-gevent")
    assert found.absolute is None
    assert found.why_not_absolute == "A has 2 good rounds of 3 needed and B has 2 good rounds of 3 needed"


def test_what_only_one_run_has_is_said(tmp_path: Path) -> None:
    """Targets, scenarios and levels without a counterpart are named, not compared."""
    a = a_run(tmp_path / "a", made_up.plan(only=("chat",), mode="full", blocks=5))
    b = a_run(tmp_path / "b", made_up.plan("fastapi-uvicorn", "flask-gevent", only=("chat", "docs"), blocks=5))
    found = differ.compared(a, b)
    assert {(ln.scenario, ln.level.label) for ln in found.lines} == {("chat", "16 users")}
    assert found.left_out == (
        "chat at 300 requests/s: only in A",
        "chat at 600 requests/s: only in A",
        "chat at 64 users: only in A",
        "target flask-gthread: only in A",
        "docs at 8 users: only in B",
    )
    assert ("set-up", "mode") in {(item.kind, item.what) for item in found.differences}


CODES = {
    "chat.throughput<0.95": 1,
    "chat.throughput/flask-gevent<0.95": 1,
    "chat.throughput/flask-gthread<0.95": 0,
    "chat.throughput/flask-gevent<0.7": 0,
    "chat.throughput/fastapi-uvicorn<0.95": 0,
}


@pytest.mark.parametrize(("text", "code"), CODES.items())
def test_a_condition_is_about_b_over_a(tmp_path: Path, text: str, code: int) -> None:
    """On one machine the figures themselves are asked, the baseline's too."""
    a, b = a_run(tmp_path / "a"), a_run(tmp_path / "b", by={GEVENT: 0.8})
    assert shown(DiffOptions(a.folder, b.folder, fail_if=(text,)))[0] == code


def test_on_two_machines_a_condition_is_about_the_ratio_of_ratios(tmp_path: Path) -> None:
    """A machine half as fast fires nothing; a target that fell behind does; the baseline cannot be asked about."""
    halved = dict.fromkeys(made_up.NAMES, 0.5)
    a = a_run(tmp_path / "a")
    slow = a_run(tmp_path / "b", None, {"cpu": "slow"}, halved)
    behind = a_run(tmp_path / "c", None, {"cpu": "slow"}, halved | {GEVENT: 0.4})
    asked = ("chat.throughput<0.95",)
    assert shown(DiffOptions(a.folder, slow.folder, fail_if=asked))[0] == 0
    assert shown(DiffOptions(a.folder, behind.folder, fail_if=asked))[0] == 1
    assert shown(DiffOptions(a.folder, slow.folder, by="absolute", fail_if=asked))[0] == 1
    with pytest.raises(UserError, match="fastapi-uvicorn is the baseline"):
        shown(DiffOptions(a.folder, slow.folder, fail_if=("chat.throughput/fastapi-uvicorn<0.95",)))


def test_the_files_say_what_the_terminal_says(tmp_path: Path) -> None:
    """JSON has every figure and reads back; the Markdown's tables are whole; the runs are left as they were."""
    a, b = a_run(tmp_path / "a"), a_run(tmp_path / "b", None, {"commit": "a|b"}, {GEVENT: 0.8})
    before = {file: file.read_bytes() for run in (a, b) for file in run.folder.rglob("*") if file.is_file()}
    file, data = tmp_path / "diff.md", tmp_path / "diff.json"
    _, text = shown(DiffOptions(a.folder, b.folder, fail_if=("chat.throughput<0.95",), markdown=file, json=data))
    found = Diff.model_validate_json(data.read_text("utf-8"))
    assert json.loads(data.read_text("utf-8"))["schema_version"] == SCHEMA_VERSION
    assert found.conditions[0].state == "holds"
    page = file.read_text("utf-8")
    for part in ("| `chat.throughput<0.95` | **fails** |", "a&#124;b", "flask-gevent", f"0.80{TIMES}", found.why_by):
        assert part in page, part
    for table in re.findall(r"(?:^\|.*\|\n)+", page, flags=re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1
    assert f"fails  chat.throughput<0.95 holds: chat.throughput@16users/flask-gevent: 0.8{TIMES} (" in text
    assert {file: file.read_bytes() for file in before} == before


def test_the_noise_floor_is_no_target(tmp_path: Path) -> None:
    """The baseline's second rounds are not held against anything."""
    assert {ln.target for ln in pair(tmp_path).lines} == set(made_up.NAMES)


def test_a_folder_that_is_no_run_is_said(tmp_path: Path) -> None:
    """Whichever of the two it is."""
    run = a_run(tmp_path / "a")
    for a, b in ((run.folder, tmp_path), (tmp_path, run.folder)):
        with pytest.raises(UserError, match="is not a run"):
            shown(DiffOptions(a, b))
