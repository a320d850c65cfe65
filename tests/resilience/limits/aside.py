"""A thread of its own for the length of a `with` block.

Rule: what runs there looks at `_stop` at least once a second, and has ended when the block has.
Neighbours: `herd`, `look`.
"""

import threading
from types import TracebackType
from typing import Self


class Aside:
    """Runs its `_run` in a thread of this name, from `with` to its end."""

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        raise NotImplementedError
