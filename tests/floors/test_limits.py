"""A whole `--limits` run, as small as can be: real servers, real load, and a report; no figure of it is asserted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from types import MappingProxyType

import pytest
from rich.console import Console

from loadtests import compare, plan, results
from loadtests.analyse.verdict import Verdict
from loadtests.compare import CompareOptions, Parts
from loadtests.levels import LONG, Level
from loadtests.targets import Target
from loadtests.verify import VerifyOutcome
from loadtests.verify.grades import Count

TARGET = "fastapi-uvicorn"
TINY = {
    "chat": (Level(users=4, seconds=0.4, warmup=0.1),),
    LONG: (Level(rate=4, arrivals="constant", seconds=1, warmup=0.5, streams=19),),
}


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """One short round of each scenario for the target and its floor; everything else is as ever."""
    monkeypatch.setattr(plan, "LEVELS", MappingProxyType({"limits": TINY}))
    mode = plan._Mode(blocks=1, minimum=1, stop=plan.Stop(), noise=False)
    monkeypatch.setattr(plan, "_MODES", MappingProxyType({"limits": mode}))


def passed(targets: Sequence[Target], _console: Console) -> Mapping[str, VerifyOutcome]:
    """The suite is not what is tried here."""
    return {target.name: VerifyOutcome(target.name, Count(1, 0, 0, 0), Path("page")) for target in targets}


@pytest.mark.usefixtures("_tiny")
def test_floor_and_twin_are_proved_loaded_and_held_against_each_other(tmp_path: Path) -> None:
    """The floor says what its twin says, both are driven, and the report has them beside each other."""
    console = Console(file=StringIO(), width=200)
    options = CompareOptions((TARGET,), mode="limits", results=tmp_path)
    compare.compare(options, console, Parts(verify=passed, calibrate=lambda _console: None))
    assert isinstance(console.file, StringIO)
    assert "floor-asgi-uvicorn, fastapi-uvicorn's floor, says the same: 3 messages" in console.file.getvalue()
    (folder,) = tmp_path.iterdir()
    run = results.load(folder)
    played = {(done.scenario, done.target) for done in run.rounds}
    assert played == {(scenario, target) for scenario in TINY for target in (TARGET, "floor-asgi-uvicorn")}
    for done in run.rounds:
        assert done.precheck.problems == ()
        assert done.drives[0].result.requests.count > 0, done.reasons
        assert done.drives[0].result.requests.errors == 0, done.drives[0].result.error_samples
    found = Verdict.model_validate_json((folder / "verdict.json").read_bytes())
    assert {panel.scenario for panel in found.floors} == set(TINY)
    assert {held.target for held in found.held} == {TARGET}
    assert 'id="held"' in (folder / "report.html").read_text("utf-8")
