"""A copy of the servers' source in a folder of its own, broken or not, and a targets file that runs it.

Rule: the kit's own files are never touched. The copy comes first on the path whatever runs it: it is the working
directory and the whole of PYTHONPATH. Neighbours: `table` (what is broken), `errand` (runs pytest on the copy).
"""

import shutil
from pathlib import Path

from loadtests.serve import ROOT
from loadtests.targets import Target, to_toml
from tests.mutants.table import Mutant

SERVERS = ("shared", "fastapi_impl", "flask_impl")
REST = ("loadtests", "tests", "pyproject.toml")
"""What else a suite needs that starts servers by commands of its own, in the kit's folder."""

MUTANT = "mutant"
"""The copy's name as a target."""


def copy_kit(kit: Path, mutant: Mutant | None, *, whole: bool = False) -> None:
    """Copy the servers' source to the new folder `kit`, all of the kit if `whole`, and break it."""
    kit.mkdir()
    for name in (*SERVERS, *(REST if whole else ())):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, kit / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, kit / name)
    if mutant is not None:
        mutant.apply(kit)


def targets_file(kit: Path, deployment: Target) -> Path:
    """A file beside the copy with one target, `mutant`: the deployment's command, run on the copy."""
    there = {"name": MUTANT, "folder": kit, "env": {**deployment.env, "PYTHONPATH": str(kit)}}
    path = kit.with_suffix(".toml")
    path.write_text(to_toml([deployment.model_copy(update=there)]), "utf-8")
    return path
