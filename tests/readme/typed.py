"""Runs a command as a reader would type it, and ends what it started.

Rule: a shell runs the command's own text, in the repository, with a home folder of its own and no variable of
this terminal. Only this is replaced: the port 8000, the folder of the programs if the suite has another one, and
what a test appends. Neighbours: `document` (the commands), `loadtests.serve.tree` (finds and ends processes).
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from loadtests.serve import tree
from tests.conformance.poll import poll
from tests.links import ROOT
from tests.readme.document import Command

PROGRAMS = Path(sys.executable).parent
END_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Typed:
    """A command that was started: its process and what it prints."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def output(self) -> str:
        """All that it has printed until now."""
        return self.log.read_text("utf-8", "replace")

    def until(self, probe: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until this is true; if the process ends before, it says what it printed."""

        def probed() -> bool:
            assert self.process.poll() is None, f"no {what}: ended with exit code {self.process.returncode}"
            return probe()

        try:
            poll(probed, seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; it has printed:\n{self.output}") from error


def adapted(found: Command, port: int | None, more: str = "") -> str:
    """The command's text with what cannot be as it stands."""
    text = found.text if port is None else re.sub(r"\b8000\b", str(port), found.text)
    return f"{text} {more}".rstrip().replace(".venv/bin/", f"{shlex.quote(str(PROGRAMS))}/")


@contextmanager
def typed(found: Command, port: int | None = None, more: str = "", *, folder: Path = ROOT) -> Iterator[Typed]:
    """Run the command for the length of the block; at its end it gets SIGTERM, and leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="parity-readme-") as home:
        log = Path(home, "output")
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {adapted(found, port, more)}"],
                cwd=folder,
                env=_environment(found, Path(home)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # finds what has lost its parent
            )
        family = set(tree.members(process.pid))
        try:
            yield Typed(process, log)
            family |= set(tree.members(process.pid))
            process.terminate()
            process.wait(END_SECONDS)
            left = [member for member in family | set(tree.members(process.pid)) if tree.alive(member)]
            assert not left, f"{found.text} left {left}"
        finally:
            tree.kill(family | set(tree.members(process.pid)))
            process.wait()


def ran(found: Command, port: int | None = None, more: str = "", *, folder: Path = ROOT, seconds: float = 60) -> str:
    """Run the command to its end and return what it printed; its exit code must be 0."""
    with typed(found, port, more, folder=folder) as started:
        code = started.process.wait(seconds)
        assert code == 0, f"{found.where}: {found.text}: exit code {code}\n{started.output}"
        return started.output


def answers(url: str) -> bool:
    """Whether a GET of this address is answered with 200."""
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _environment(found: Command, home: Path) -> dict[str, str]:
    """Sessions and gunicorn's control socket go where they are deleted afterwards."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    ours = {
        "HOME": str(home),
        "SESSION_STORE": f"sqlite:///{home / 'sessions.sqlite3'}",
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "120",
    }
    return {**kept, **ours, **found.exports}
