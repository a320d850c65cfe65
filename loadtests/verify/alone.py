"""The command that runs one case by itself, as it can be pasted into a shell in the kit's folder.

Rule: what is printed works, for a target of the user's own too; a key is never in it, only the word for one.
Neighbours: `page`, `junit` and `terminal` show it; tests/conftest.py has the options.
"""

import shlex
from pathlib import Path

from loadtests.serve import ROOT
from loadtests.targets import TargetsError, load_targets
from loadtests.verify.records import PAIR
from loadtests.verify.results import Outcome, Results

RUNNER = (".venv/bin/python", "-m", "pytest")
TARGETS = "targets.toml"


def command(results: Results, outcome: Outcome, targets_file: str = "") -> str:
    """The whole command; `targets_file` is where its targets are, "" if the kit knows them."""
    url = next((subject.url for subject in results.subjects if subject.name == outcome.subject), "")
    words = [*RUNNER, outcome.node]
    if url:
        second = any("(second-key)" in each.sent for each in outcome.exchanges)
        words += ["--url", url, "--key", "KEY", *(("--second-key", "SECOND_KEY") if second else ())]
    elif outcome.subject:
        words += [word for name in outcome.subject.split(PAIR) for word in ("--target", name)]
        words += ["--targets", targets_file] if targets_file else []
    return shlex.join(words)


def targets_file(folder: Path, *, anywhere: bool = False) -> str:
    """Where the run in `folder` has its targets, from the kit's folder; "" if it has none but the kit's own.

    Outside of the kit it is the whole path if it may be `anywhere`, else its name, with no path of this machine.
    """
    file = folder.resolve() / TARGETS
    try:
        if not file.is_file() or load_targets(file) == load_targets():
            return ""
    except TargetsError:  # left there by an older kit: this run had no targets, or it would have written the file
        return ""
    inside = file.is_relative_to(ROOT)
    return str(file.relative_to(ROOT) if inside else file if anywhere else file.name)
