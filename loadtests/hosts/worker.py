"""`parity worker`: a load host's part, from the first round of a run to the last, until somebody ends it.

Rule: a Locust worker lives for one round, so that no round meets what the last one left; the next one is started as
soon as it has ended, however it has, and waits for a master. Ctrl-C leaves no process. Neighbours: `drive.member` (what
runs in it), `drive.crew` (the master's end), `drive.process` (which ends processes in the same way).
"""

from __future__ import annotations

import platform
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from loadtests.drive.command import LOCUSTFILE, plain
from loadtests.errors import UserError
from loadtests.hosts import CREW, DISMISSED, PORT
from loadtests.scenarios import SCENARIOS
from loadtests.serve import tree
from loadtests.signals import held_back

POLL: Final = 0.1
BROKEN: Final = 2.0  # a worker that ends sooner than this never worked
BREAK: Final = 5  # so many of those, one after the other


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Where the master is, what this host is called, how many processes it gives."""

    master: str
    port: int = PORT
    name: str = ""
    processes: int = 1


def work(options: WorkerOptions, console: Console) -> int:
    """Be a load host. Ends with exit code 1 when a master sends it away for good; the reason was printed."""
    name = options.name or platform.node()
    if not name or any(c.isspace() or c == "," for c in name):
        raise UserError(f"{name!r} cannot name a load host; choose a word with --name")
    try:
        socket.getaddrinfo(options.master, options.port)
    except OSError as error:
        raise UserError(f"there is no host {options.master!r}: {error.strerror}; correct --master") from error
    console.print(f"{name} sends load for {options.master}:{options.port}; Ctrl-C ends it", highlight=False)
    with _Crew(options, name) as crew:
        return crew.run()


class _Crew:
    """The Locust workers of this host: as many as asked for, whatever happens to one."""

    def __init__(self, options: WorkerOptions, name: str) -> None:
        self._command = _command(options)
        said = f"{uuid.uuid4().hex} {name} {options.processes}"
        self._environment = {**plain(), CREW: said}
        self._running: list[tuple[float, subprocess.Popen[bytes]]] = []
        self._wanted = options.processes
        self._short = 0

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        with held_back():
            for _started, process in self._running:
                tree.kill(tree.members(process.pid))
                process.wait()

    def run(self) -> int:
        """Keep them running. Raises `UserError` when they do not start."""
        while True:
            while len(self._running) < self._wanted:
                self._start()
            for one in [one for one in self._running if one[1].poll() is not None]:
                self._running.remove(one)
                if (code := one[1].returncode) == DISMISSED:
                    return 1
                self._count(code, time.monotonic() - one[0])
            time.sleep(POLL)

    def _start(self) -> None:
        with held_back():  # an interrupt inside Popen would lose the process that it has just made
            process = subprocess.Popen(  # noqa: S603 - the command is ours
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # Locust's table of nothing; what matters is on standard error
                start_new_session=True,  # Ctrl-C is ours to pass on
            )
            self._running.append((time.monotonic(), process))

    def _count(self, code: int, lived: float) -> None:
        self._short = self._short + 1 if code and lived < BROKEN else 0
        if self._short >= BREAK:
            raise UserError(
                f"the load generator ends at once with exit code {code}; put right what it says above, "
                f"or run `make setup`: {' '.join(self._command)}"
            )


def _command(options: WorkerOptions) -> list[str]:
    """Every user class is named: which of them are used is the master's to say."""
    classes = [*dict.fromkeys(scenario.user_class for scenario in SCENARIOS.values()), "HealthUser"]
    where = [f"--master-host={options.master}", f"--master-port={options.port}"]
    flags = ["--worker", "--skip-log-setup", f"--locustfile={LOCUSTFILE}"]
    return [sys.executable, "-m", "locust", *flags, *where, *classes]
