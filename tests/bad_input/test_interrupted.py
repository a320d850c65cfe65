"""Ctrl-C and SIGTERM at many moments of a comparison: what finished is kept and reported, and nothing is left."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from loadtests import results
from loadtests.drive import DriveSpec
from loadtests.drive.result import DriveResult
from loadtests.serve import RUN_MARK, tree
from tests.bad_input.played import BEGUN
from tests.conformance.poll import poll
from tests.links import ROOT
from tests.unit.loadtests.fake_bench import FakeBench
from tests.unit.loadtests.test_cli import ENTRY, FAKE
from tests.unit.loadtests.test_compare import play

MADE = {"verdict.json", "report.html", "summary.md"}
LIMIT = 60.0


@dataclass(frozen=True)
class Command:
    """A comparison that runs: its process, what it prints, where its run is, and what its processes are known by."""

    process: psutil.Popen
    log: Path
    out: Path
    mark: str

    def until(self, text: str) -> None:
        """Wait for it to print this."""
        poll(lambda: text in self.said or self.process.poll() is not None, LIMIT, text)
        assert text in self.said, self.said

    @property
    def said(self) -> str:
        """All that it has printed."""
        return self.log.read_text("utf-8", "replace")

    @property
    def family(self) -> list[psutil.Process]:
        """Every process that it has started, orphans too."""
        return tree.marked(RUN_MARK, self.mark)

    def signalled(self, number: signal.Signals) -> None:
        """To the whole group, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            code = self.process.wait(LIMIT)
        except psutil.TimeoutExpired:
            self.process.send_signal(signal.SIGUSR1)
            self.until("most recent call first")
            pytest.fail(f"it did not end:\n{self.said}")
        assert "Traceback" not in self.said, self.said
        assert self.family == [], f"left behind: {self.family}\n{self.said}"
        return int(code)

    def kept(self) -> results.Run | None:
        """The run, whole as far as it goes; None if it was stopped before it had all that a run needs."""
        folders = list(self.out.iterdir()) if self.out.is_dir() else []
        assert len(folders) <= 1
        assert not list(self.out.rglob(".*")), "temporary files are left"
        if not folders or not (folders[0] / "handwork.json").is_file():
            return None
        return results.load(folders[0])


@contextmanager
def comparing(tmp_path: Path, kind: str, *arguments: str) -> Iterator[Command]:
    """`parity compare`, started; whatever is left of it at the end is killed."""
    log, out, mark = tmp_path / "log", tmp_path / "results", secrets.token_hex(8)
    words = [sys.executable, "-m", "tests.bad_input.played", kind, "compare", "--out", str(out), *arguments]
    with log.open("wb") as output:
        process = psutil.Popen(
            words,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, RUN_MARK: mark, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
        )
    started = Command(process, log, out, mark)
    try:
        started.until(BEGUN)
        yield started
    finally:
        tree.kill({*tree.members(process.pid), *started.family})
        process.wait()


@pytest.fixture
def targets(tmp_path: Path) -> Path:
    """Two servers of the standard library."""
    path = tmp_path / "targets.toml"
    path.write_text("".join(ENTRY.format(name=name, fake=FAKE, options="") for name in ("one", "two")))
    return path


def look_at(run: results.Run | None, said: str) -> None:
    """What finished is a beginning of the plan, is reported, and the run says why it ended."""
    if run is None or not run.rounds:
        assert run is None or not MADE & {path.name for path in run.folder.iterdir()}
        return
    assert [done.number for done in run.rounds] == list(range(1, len(run.rounds) + 1))
    assert {path.name for path in run.folder.iterdir()} >= MADE, said
    assert run.ending is not None
    assert run.ending.why == "interrupted"
    assert "This run was cut short" in (run.folder / "report.html").read_text("utf-8")
    assert re.search(r"^report: ", said, flags=re.MULTILINE)


# a SIGTERM that comes before the comparison has begun is the shell's own
SIGNALS = {signal.SIGINT: {130}, signal.SIGTERM: {130, 128 + signal.SIGTERM}}
MOMENTS = [0.0, 0.7, 1.4, 2.1, 3.0, 4.5]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("after", MOMENTS)
def test_stopped_at_any_moment(tmp_path: Path, targets: Path, after: float, number: signal.Signals) -> None:
    """From its first second to its last round: the exit code says how it was stopped, and the rounds are there."""
    with comparing(tmp_path, "fake", "one", "two", "--targets", str(targets), "--only", "docs") as command:
        with suppress(psutil.TimeoutExpired):  # the moment is what is tested; the end is waited for
            command.process.wait(after or 0.001)
        command.signalled(number)
        code, run = command.ended(), command.kept()
        assert code in SIGNALS[number], command.said
        assert code == 130 or run is None
        look_at(run, command.said)


@pytest.mark.parametrize("finished", [1, 3])
def test_pressed_again_and_again(tmp_path: Path, targets: Path, finished: int) -> None:
    """Impatience ends in the same: exit code 130, the rounds that finished, no process, no half of a file."""
    with comparing(tmp_path, "fake", "one", "two", "--targets", str(targets), "--only", "docs") as command:
        command.until(f"round {finished} of ")
        deadline = time.monotonic() + LIMIT
        while command.process.poll() is None and time.monotonic() < deadline:
            command.signalled(signal.SIGINT)
            with suppress(psutil.TimeoutExpired):
                command.process.wait(0.03)
        assert command.ended() == 130, command.said
        run = command.kept()
        assert run is not None
        assert len(run.rounds) >= finished
        whole = {path.name for path in run.folder.iterdir()} >= MADE
        assert whole or f"`parity report {run.folder}` makes their report" in command.said, command.said


def test_a_lost_interrupt_is_heard_before_the_next_round(tmp_path: Path) -> None:
    """A Ctrl-C whose exception a library has swallowed, here in the second drive, ends the run after that round."""

    class Swallowing(FakeBench):
        def drive(self, spec: DriveSpec) -> DriveResult:
            if self.drives == 1:
                with suppress(KeyboardInterrupt):
                    os.kill(os.getpid(), signal.SIGINT)
            return super().drive(spec)

    code, _ = play(tmp_path, Swallowing().parts())
    run = results.load(next(tmp_path.iterdir()))
    assert (code, len(run.rounds), run.ending and run.ending.why) == (130, 2, "interrupted")


@pytest.mark.parametrize("after", [2.5, 6.0], ids=["in the first round", "in a later round"])
def test_real_servers_under_real_load(tmp_path: Path, after: float) -> None:
    """Server, workers, Locust: all are gone, with the run's rounds in their place."""
    with comparing(tmp_path, "real", "fastapi-uvicorn", "flask-gthread", "--only", "docs") as command:
        command.until("rounds: docs on")
        with suppress(psutil.TimeoutExpired):
            command.process.wait(after)
        assert len(command.family) > 1
        command.signalled(signal.SIGINT)
        assert command.ended() == 130, command.said
        look_at(command.kept(), command.said)
