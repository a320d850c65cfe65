"""One run of pytest on one copy: in a process and a folder of its own, of which nothing is left afterwards.

Rule: whatever ends the run (its end, its time limit, Ctrl-C), its servers are found by the mark in their environment
and ended, and everything that was written lay in the one folder. Neighbours: `copies`, `outcome`, `verdict`.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests.serve import ROOT, RUN_MARK, tree
from loadtests.targets import Target
from loadtests.verify.suite import PYTEST
from tests.mutants.copies import MUTANT, copy_kit, targets_file
from tests.mutants.outcome import Outcome, read_outcomes
from tests.mutants.table import Mutant, TableError

JUDGED = (0, 1)
"""pytest's exit codes for a run that judged: every case passed, some failed."""


@dataclass(frozen=True)
class Errand:
    """What is to be run: pytest with `words`, on the target `mutant` made of this deployment and this patch.

    `twin`: a healthy target to compare it with. `inside`: the suite starts servers by commands of its own, so it
    runs in a copy of the whole kit, and there is no target. `limit`: seconds.
    """

    name: str
    deployment: Target
    words: tuple[str, ...]
    patch: Mutant | None = None
    twin: str | None = None
    inside: bool = False
    limit: float = 300.0


@dataclass(frozen=True)
class Result:
    """What came of it. `trouble`: why it could not judge, with pytest's last lines; empty where it could."""

    outcomes: tuple[Outcome, ...]
    trouble: str
    seconds: float


async def run(errand: Errand, workspace: Path) -> Result:
    """Run it; cancelled, it leaves nothing behind."""
    started = time.monotonic()
    with TemporaryDirectory(dir=workspace, prefix=f"{errand.name}-") as name:
        folder = Path(name)
        kit = folder / "kit"
        try:
            copy_kit(kit, errand.patch, whole=errand.inside)
        except TableError as error:
            return Result((), str(error), time.monotonic() - started)
        command = [*PYTEST, *errand.words, *_choice(errand, kit), *_reports(folder)]
        code = await _process(command, kit if errand.inside else ROOT, folder, errand.limit)
        if code not in JUDGED:
            return Result((), _trouble(code, errand.limit, folder / "log"), time.monotonic() - started)
        outcomes = read_outcomes(folder / "junit.xml", folder / "records")
    return Result(outcomes, "", time.monotonic() - started)


def _choice(errand: Errand, kit: Path) -> Sequence[str]:
    if errand.inside:
        return ()
    twin = ("--target", errand.twin) if errand.twin else ()
    return ("--targets", str(targets_file(kit, errand.deployment)), "--target", MUTANT, *twin)


def _reports(folder: Path) -> Sequence[str]:
    return (f"--junit-xml={folder / 'junit.xml'}", f"--record={folder / 'records'}")


async def _process(command: Sequence[str], home: Path, folder: Path, limit: float) -> int | None:
    """Its exit code; None when it took longer than `limit` seconds."""
    mark = secrets.token_hex(8)
    (folder / "tmp").mkdir()
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=home,
            env=_environment(home, folder / "tmp", mark),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours alone
        )
        try:
            async with asyncio.timeout(limit):
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            tree.kill(tree.marked(RUN_MARK, mark))  # pytest itself and every server of its own
            await process.wait()


def _environment(home: Path, tmp: Path, mark: str) -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ours = {"PYTHONPATH": str(home), "TMPDIR": str(tmp), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", RUN_MARK: mark}
    return {**inherited, **ours}


def _trouble(code: int | None, limit: float, log: Path) -> str:
    why = f"pytest took longer than {limit:g} s" if code is None else f"pytest ended with exit code {code}"
    lines = log.read_text("utf-8", errors="replace").splitlines()[-8:]
    return "\n".join([f"{why}; its output ends:", *(f"  | {line}" for line in lines)])
