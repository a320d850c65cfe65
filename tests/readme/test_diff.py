"""The commands of docs/diff.md, run on two made-up runs that have the documented names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadtests.diff import ci
from loadtests.diff.model import Diff
from loadtests.plan import make_plan
from loadtests.targets import DEFAULT_TARGETS, load_targets, pick
from tests.links import ROOT
from tests.readme.document import Command, of
from tests.readme.plans import parsed
from tests.readme.typed import ran
from tests.unit.loadtests import made_up


@pytest.mark.parametrize("command", of("diff"), ids=lambda command: command.id)
def test_diff(command: Command, tmp_path: Path) -> None:
    """Both runs are read, nothing has changed between them, and the files that are asked for are there."""
    options = parsed(command.words)
    for name in ("a", "b"):
        run = made_up.a_run(tmp_path, made_up.plan(only=("chat",)))
        folder = tmp_path / options[name]
        folder.parent.mkdir(exist_ok=True)
        run.folder.rename(folder)
    output = ran(command, folder=tmp_path)
    assert "A  BEFORE" in output
    assert "B against A, by the ratio B/A of 3 primary figures" in output
    if options["json"]:
        found = Diff.model_validate_json((tmp_path / options["json"]).read_text("utf-8"))
        assert [judged.state for judged in found.conditions] == ["does not hold"]
    if options["markdown"]:
        assert "# AFTER against BEFORE" in (tmp_path / options["markdown"]).read_text("utf-8")


ASKED = sorted(set(re.findall(r"`?(?:--fail-if ')([^']+)'", (ROOT / "docs" / "diff.md").read_text("utf-8"))))


@pytest.mark.parametrize("text", ASKED)
def test_conditions_are_about_something(text: str) -> None:
    """What the document asks for exists in the kit's own plan."""
    plan = make_plan(pick(load_targets(None), DEFAULT_TARGETS))
    assert ci.asked([text], plan)


def test_conditions_are_found() -> None:
    """The document shows some."""
    assert len(ASKED) >= 4
