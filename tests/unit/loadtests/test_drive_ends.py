"""How a round ends when something is killed or somebody presses Ctrl-C: in time, in words, with no process left."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from loadtests.drive import DriveFailed, DriveResult, DriveSpec, drive
from loadtests.serve import RUN_MARK, tree
from tests.unit.loadtests.scripted import Script, Served, contract, reply, serving

WINDOW = 1.0
PATIENCE = 60.0


def until(what: Callable[[], object]) -> None:
    """Poll until this holds."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


@contextmanager
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A mark that the environment of everything started meanwhile bears; none of it may be left."""
    value = uuid.uuid4().hex
    monkeypatch.setenv(RUN_MARK, value)
    yield value
    until(lambda: not tree.marked(RUN_MARK, value))


def chats(served: Served) -> int:
    """How many requests of the load have come."""
    return sum(1 for line in served.requests if line.startswith("POST /chat "))


def killed(
    served: Served, value: str, which: Callable[[list[psutil.Process]], psutil.Process]
) -> DriveResult | Exception:
    """Play a round over two workers, and kill one of its processes in its window."""
    spec = DriveSpec("chat", served.url, "good", users=4, seconds=3.0, warmup=0.2, timeout=5.0, processes=2)
    came: list[DriveResult | Exception] = []

    def play() -> None:
        try:
            came.append(drive(spec))
        except DriveFailed as error:
            came.append(error)

    driving = threading.Thread(target=play)
    driving.start()
    until(lambda: chats(served) > 100)
    which(tree.marked(RUN_MARK, value)).kill()
    driving.join(PATIENCE)
    assert came, "the round did not end"
    return came[0]


def parent(processes: list[psutil.Process]) -> psutil.Process:
    """Locust's master, whose children are the workers."""
    return max(processes, key=lambda process: len(process.children()))


def tools() -> Script:
    """The two replies of the scenario in turn, slow enough for a machine that has more to do."""
    number = itertools.count()
    return lambda _: (0.01, reply(tools=next(number) % 2))


def test_a_killed_worker_makes_the_round_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is killed in the window is said in the result, which has what the other one counted."""
    with mark(monkeypatch) as value, serving(contract(tools())) as served:
        result = killed(served, value, lambda all_of_them: parent(all_of_them).children()[0])
    assert isinstance(result, DriveResult)
    assert "1 of 2 load generator processes was lost" in result.generator.reasons
    assert not result.generator.valid
    assert result.requests.count > 0


def test_a_killed_master_ends_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its master the round has no result; its workers do not outlive it."""
    with mark(monkeypatch) as value, serving(contract(tools())) as served:
        error = killed(served, value, parent)
    assert isinstance(error, DriveFailed)
    assert str(error).startswith("the load generator failed with exit code -9")


class Moment:
    """A moment of a round, by what is seen from outside; `seconds` after the first request, if any are given."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.first: float | None = None

    def come(self, served: Served, value: str) -> bool:
        """Whether it has."""
        if self.seconds is None:
            return len(tree.marked(RUN_MARK, value)) > 1  # the command, and its generator
        if self.first is None and chats(served):
            self.first = time.monotonic()
        return self.first is not None and time.monotonic() >= self.first + self.seconds


MOMENTS = {"start": None, "warm-up": 0.0, "window": 0.6, "tail": 0.3 + WINDOW + 0.3}


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("seconds", MOMENTS.values(), ids=MOMENTS)
def test_ctrl_c_ends_the_round(seconds: float | None, processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is answered with one sentence and exit code 130, at every moment of a round."""
    moment = Moment(seconds)
    with mark(monkeypatch) as value, serving(contract(lambda _: (2.0, reply()))) as served:
        command = [sys.executable, "-c", "from loadtests.cli import main; main()", "drive", "chat", "--url", served.url]
        command += ["--key", "good", "--users", "2", "--seconds", str(WINDOW), "--warmup", "0.3"]
        process = subprocess.Popen(
            [*command, "--processes", str(processes)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        until(lambda: moment.come(served, value) or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert said == "parity: stopped before the round was over: there are no figures, and no process is left\n"


def test_sigterm_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor's SIGTERM ends the generator too."""
    with mark(monkeypatch), serving(contract(tools())) as served:
        command = [sys.executable, "-c", "from loadtests.cli import main; main()", "drive", "chat", "--url", served.url]
        process = subprocess.Popen(
            [*command, "--key", "good", "--users", "2"], stdout=subprocess.DEVNULL, env=os.environ
        )
        until(lambda: chats(served))
        process.terminate()
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
