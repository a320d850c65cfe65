"""The commands that verify, load, compare and report, against a server that the README started."""

import re
import shutil
from pathlib import Path

import pytest

from loadtests.knee.command import KneeOptions, planned_of
from loadtests.matrix import played
from loadtests.serve import kept_port
from loadtests.targets import load_targets, pick
from tests.links import ROOT
from tests.readme.document import Command, of
from tests.readme.plans import parsed, planned
from tests.readme.typed import answers, ran, typed
from tests.unit.loadtests import made_up

FEW_CASES = "-k health"


@pytest.mark.parametrize("command", of("verify"), ids=lambda command: command.id)
def test_verify(command: Command, served: int) -> None:
    """The suite runs against a server that the kit did not start, passes, and leaves a page (here: of a few cases)."""
    output = ran(command, served, FEW_CASES)
    page = re.search(r"^page: (\S+)/index\.html$", output, flags=re.MULTILINE)
    assert page, output
    assert re.search(r"\b[1-9]\d* passed", output), output
    assert (ROOT / page[1] / "index.html").is_file()
    shutil.rmtree(ROOT / page[1])  # made by this test, and no pass of anything


@pytest.mark.parametrize("command", of("drive"), ids=lambda command: command.id)
def test_drive(command: Command, served: int) -> None:
    """A round of load is driven, and shown with its figures and whether they can be trusted (here: of one second)."""
    assert "--seconds" in command.words
    output = ran(command, served, "--seconds 1")
    rate = re.search(r"^([\d,.]+) requests/s", output, flags=re.MULTILINE)
    assert rate, output
    assert float(rate[1].replace(",", "")) > 0
    assert re.search(r"^(Valid:|Do not trust this round)", output, flags=re.MULTILINE), output


@pytest.mark.parametrize("command", of("locust"), ids=lambda command: command.id)
def test_locust(command: Command, served: int) -> None:
    """Locust finds the users, takes the key, and shows its page (here: on a port that is free)."""
    with kept_port() as port, typed(command, served, f"--web-host 127.0.0.1 --web-port {port}") as started:
        started.until(lambda: answers(f"http://127.0.0.1:{port}/"), 30, "page of Locust")


@pytest.mark.parametrize("command", of("compare"), ids=lambda command: command.id)
def test_compare(command: Command) -> None:
    """The targets and scenarios exist, and the plan has rounds for all of them.

    Nothing is played: without a stored pass for this very source the command would first run the whole suite, and
    here it would do so inside itself. `test_compare.py` plays a comparison.
    """
    plan = planned(command.words)
    assert {(done.scenario, done.target) for done in plan.rounds} == {
        (scenario.name, target) for scenario in plan.scenarios for target in plan.players(scenario.name)
    }
    assert (plan.mode == "full") == ("--full" in command.words)


@pytest.mark.parametrize("command", of("fairness"), ids=lambda command: command.id)
def test_fairness(command: Command) -> None:
    """The targets exist, and the run whose load they must have room for; `tests/fairness` looks at running ones."""
    options = parsed(command.words)
    known, names = load_targets(options["targets"]), options["names"] or ()
    assert played(known, 1, names) if options["matrix"] else len(pick(known, names)) == len(names)


@pytest.mark.parametrize("command", of("report"), ids=lambda command: command.id)
def test_report(command: Command, tmp_path: Path) -> None:
    """A stored run is reported again with no load (here: a made-up one that has the documented name)."""
    folder = tmp_path / command.words[-1]
    run = made_up.a_run(tmp_path, made_up.plan(only=("docs",)))
    folder.parent.mkdir(parents=True, exist_ok=True)
    run.folder.rename(folder)
    output = ran(command, folder=tmp_path)
    assert f"report: {command.words[-1]}/report.html" in output
    assert "docs" in output
    assert {"report.html", "summary.md", "verdict.json"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("command", of("knee"), ids=lambda command: command.id)
def test_knee(command: Command) -> None:
    """The scenario has a knee to search for, the targets exist, and the objective is one.

    Nothing is searched: it would take minutes, and a pass of the suite first. `tests/unit/loadtests/test_knee_play.py`
    plays a search.
    """
    options = parsed(command.words)
    wanted = KneeOptions(options["scenario"], tuple(options["names"]), options["slo"], options["minutes"])
    assert planned_of(wanted).scenario == options["scenario"]
    assert pick(load_targets(None), wanted.targets)


@pytest.mark.parametrize("command", of("calibrate"), ids=lambda command: command.id)
def test_calibrate(command: Command) -> None:
    """The command is one that its parser takes. `tests/unit/loadtests/test_calibrate.py` plays the parts of it."""
    assert parsed(command.words)["seconds"] > 0
