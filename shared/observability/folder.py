"""METRICS_DIR: the folder where the worker processes of one service keep their figures, a file each.

Rule: a process is alive for as long as it holds the lock on its own file, which the kernel lets go of however the
process ends: no process id is asked about, so none that was given away again can mislead. Neighbour: `metrics`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from prometheus_client import multiprocess

ALIVE = "alive_"
FIGURES = "*.db"


class Folder:
    """The folder, and this process's place in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mark: IO[str] | None = None

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Take a place in it; the block makes this process's files. Raises `OSError` where that cannot be.

        Files that nobody alive was there to share are of an earlier run. They go: its counts are not of this service,
        and a process with the number of an earlier one would go on with what that had in progress when it died.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if not self._living():
                for file in self.path.glob(FIGURES):
                    file.unlink()
            self._mark = (self.path / f"{ALIVE}{os.getpid()}").open("w")
            fcntl.flock(self._mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    @contextmanager
    def swept(self) -> Iterator[None]:
        """For the length of the block nothing of the dead is in it but what they have counted."""
        with self._alone():
            self._living()
            yield

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process joins or sweeps meanwhile."""
        with (self.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _living(self) -> int:
        """How many are alive; what the others had in progress is dropped, what they have counted stays."""
        living = 0
        for file in self.path.glob(f"{ALIVE}*"):
            with file.open("w") as mark:
                try:
                    fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    living += 1
                    continue
                multiprocess.mark_process_dead(int(file.name.removeprefix(ALIVE)), str(self.path))  # type: ignore[no-untyped-call]
                file.unlink()
        return living
