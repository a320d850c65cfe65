"""How a blocked model call is ended from outside: a thread cannot be cancelled, but what it waits for can be.

Rule: whoever blocks says so (`pause`, or `interrupting` with what ends the wait), and gets `Cancelled` when nobody
wants the answer any more. The call that a thread works for is in its context, so no signature has to carry it, and
a greenlet has a context like a thread. Neighbours: `polled` (cancels), `openai.transport` and `openai.client` (block).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Cancelled(BaseException):
    """Nobody wants the answer any more; no `Exception`, as asyncio's is none, so that no handler takes it for one."""


class Cancellation:
    """One call's: `cancel` is for whoever gave it up, the rest is for the thread that works on it."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None

    def cancel(self) -> None:
        """From now on the thread finds nothing but `Cancelled`; what it waits for is interrupted."""
        with self._lock:
            self._cancelled.set()
            if self._interrupt is not None:
                self._interrupt()

    def check(self) -> None:
        """Raises `Cancelled` if it is so."""
        if self._cancelled.is_set():
            raise Cancelled

    def pause(self, seconds: float) -> None:
        """Sleep, unless cancelled before or meanwhile."""
        self._cancelled.wait(seconds)
        self.check()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Around something that blocks: `interrupt` is called, from another thread, to make it end."""
        with self._lock:
            self.check()
            self._interrupt = interrupt
        try:
            yield
        finally:
            with self._lock:
                self._interrupt = None


_working_for: ContextVar[Cancellation | None] = ContextVar("_working_for", default=None)


def current() -> Cancellation:
    """The call that this thread works for; one that nobody will cancel when it works for none."""
    return _working_for.get() or Cancellation()


def work_for(cancellation: Cancellation) -> None:
    """From now on, this thread (and nothing else) works for this call."""
    _working_for.set(cancellation)
