"""Ctrl-C and SIGTERM, sent to real commands with real servers: nothing of them is left, and nobody sees a traceback."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from loadtests.serve import tree
from loadtests.signals import heard_once
from tests.unit.loadtests.test_cli import command

SERVERS = ("uvicorn", "gunicorn")


def servers(process: psutil.Popen) -> list[psutil.Process]:
    """The servers below a process."""
    found = []
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            found += [child] if set(SERVERS) & set(child.cmdline()) else []
    return found


@contextmanager
def begun(words: Sequence[str], count: int, log: Path) -> Iterator[tuple[psutil.Popen, list[psutil.Process]]]:
    """A command that has started so many servers, and its tree; whatever is left at the end is killed."""
    with log.open("wb") as output:
        process = psutil.Popen(words, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    family: list[psutil.Process] = []
    try:
        deadline = time.monotonic() + 60
        while len(servers(process)) < count:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(tree.POLL_SECONDS)
        family = process.children(recursive=True)
        yield process, family
    finally:
        tree.kill({*tree.members(process.pid), *family})
        process.wait()


COMMANDS = {
    "fuzz": (["tests.fuzz", "--requests", "1000000", "--out", "{folder}/fuzz.json"], 2, 130),
    "openapi": (["tests.openapi"], 2, 128 + signal.SIGTERM),
    "mutants": (["tests.mutants", "--jobs", "1"], 1, 130),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_sigterm_ends_a_long_run_and_its_servers(name: str, tmp_path: Path) -> None:
    """SIGTERM to a run that has started its servers ends every process of its tree, and is no traceback."""
    words, count, code = COMMANDS[name]
    line = [sys.executable, "-m", *(word.format(folder=tmp_path) for word in words)]
    with begun(line, count, tmp_path / "log") as (process, family):
        process.terminate()
        assert process.wait(60) == code
        assert not list(filter(tree.alive, family))
    assert "Traceback" not in (tmp_path / "log").read_text()


def presses(process: psutil.Popen, *, pause: float) -> None:
    """Press Ctrl-C, again and again until it has ended."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)
        with suppress(psutil.TimeoutExpired):
            process.wait(pause)


@pytest.mark.parametrize("pause", [60.0, 0.5, 0.02])
def test_ctrl_c_while_verify_stops(pause: float, tmp_path: Path) -> None:
    """However often it is pressed: one line at once, one at the end, exit code 130, nothing left, no traceback."""
    log = tmp_path / "log"
    words = command("verify", "fastapi-uvicorn", "--out", str(tmp_path / "out"))
    with begun(words, 2, log) as (process, family):
        presses(process, pause=pause)
        assert process.wait() == 130, log.read_text()
        assert not list(filter(tree.alive, family))
    said = log.read_text()
    assert "Traceback" not in said
    end = r"\nstopping; the servers are being ended\nstopped; no server is left, and nothing was judged\n$"
    assert re.search(end, said), said


def test_only_the_first_signal_is_heard() -> None:
    """Inside the block the first one interrupts and the others do nothing; behind it all is as before."""
    before = signal.getsignal(signal.SIGINT)
    with heard_once() as heard:
        assert not heard()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert heard()
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
