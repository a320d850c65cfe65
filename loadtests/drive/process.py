"""The load generator as a process: started on its cores in a session of its own, bounded in time, ended whole.

Rule: whatever happens, Ctrl-C at any moment included, no process of it is left: Locust's workers are found by their
session even when they have lost their parent. Neighbours: `drive` says what to run and reads what it wrote.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from loadtests.pinning import kept_to
from loadtests.serve import tree
from loadtests.signals import held_back


class DriveFailed(Exception):
    """The generator gave no result; the message says why and has the last lines of its log."""


def run(
    command: list[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    cpus: frozenset[int] | None,
    limit: float,
    farewell: float = 0.0,
) -> None:
    """Run it to its end, in the log's folder. Raises `DriveFailed` after `limit` seconds or for its exit code.

    Interrupted, it gets SIGTERM and `farewell` seconds, in which a master tells its workers elsewhere; none: at once.
    """
    with _running(command, environment, log, cpus, farewell) as process:
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise DriveFailed(f"the load generator did not end in {limit:.0f} s: {tail(log)}") from error
    if code != 0:
        raise DriveFailed(f"the load generator failed with exit code {code}: {tail(log)}")


@contextmanager
def _running(
    command: list[str], environment: Mapping[str, str], log: Path, cpus: frozenset[int] | None, farewell: float
) -> Iterator[subprocess.Popen[bytes]]:
    process: subprocess.Popen[bytes] | None = None
    with log.open("wb") as sink:
        try:
            with kept_to(cpus), held_back():  # an interrupt inside Popen would lose the process that it has just made
                process = subprocess.Popen(  # noqa: S603 - the command is ours
                    command,
                    env=environment,
                    cwd=log.parent,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                    start_new_session=True,  # Ctrl-C is ours to pass on
                )
            yield process
        finally:
            if process is not None:
                _end(process, farewell)


def _end(process: subprocess.Popen[bytes], farewell: float) -> None:
    """Leave none of its processes."""
    with held_back():
        if farewell and process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(farewell)
        tree.kill(tree.members(process.pid))
        process.wait()


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of what it printed, in one."""
    return " / ".join(log.read_text("utf-8", "replace").strip().splitlines()[-lines:]) or "its log is empty"
