"""What a `parity compare` command would do, worked out without doing it.

Rule: the command's own parser reads it, and the harness's own code makes the plan. Neighbours: `loadtests.cli`,
`loadtests.plan`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer.main

from loadtests.cli import app
from loadtests.cli.options import run_of
from loadtests.matrix import played
from loadtests.plan import Plan, make_plan
from loadtests.targets import DEFAULT_TARGETS, load_targets, pick
from tests.links import ROOT


def parsed(words: Sequence[str]) -> dict[str, Any]:
    """The options of a `parity` command as its parser understands them; a mistake is an error of the parser."""
    tool, name, *rest = words
    assert tool == "parity"
    group = typer.main.get_command(app)
    command = vars(group)["commands"][name]
    options: dict[str, Any] = command.make_context(name, rest).params
    return options


def planned(words: Sequence[str]) -> Plan:
    """The plan of a `parity compare` command."""
    options = parsed(words)
    assert options["out"] == Path("results"), "the documents say that a run is left in results/"
    file = ROOT / options["targets"] if options["targets"] else None
    known, names = load_targets(file), options["names"] or ()
    targets = played(known, 1, names) if options["matrix"] else pick(known, names or DEFAULT_TARGETS)
    return make_plan(
        targets,
        mode=run_of(**{name: options[name] for name in ("quick", "full", "limits", "matrix")}),
        only=options["only"] or (),
        seed=options["seed"],
        width=None if options["width"] is None else options["width"] / 100,
        minutes=options["minutes"],
        slo=options["slo"],
        rows=options["rows"],
    )
