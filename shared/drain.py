"""Going away without breaking a promise: what SIGTERM does, under any server.

On SIGTERM the process goes on listening, so that `/health` can say so, but takes no new work; open work has a grace
to finish, and open streams poll `expired` and end themselves. Then the signal goes to the server's own handler, which
closes the sockets; whatever still hangs is cut off. Neighbours: each server's `middleware.py` counts what is in hand.
"""

import _thread
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Literal

from shared.errors import Unavailable
from shared.log import service
from shared.models import VERSION, HealthResponse

TICK = 0.02  # seconds between two looks at what is in hand
QUIET = 0.1  # seconds without a request that end the wait: who stood in the server's queue is told 503, and not reset
LAST_WORDS = 0.7  # seconds past the grace for the last events and log lines to go out
SERVER_EXIT = 1.0  # seconds that the server's own shutdown may take before the process is cut off


@dataclass(frozen=True, slots=True)
class Health:
    """An answer to `GET /health`."""

    status_code: int
    body: HealthResponse


class Drain:
    """Whether this process takes new work, and how long the work in hand may still take."""

    def __init__(self, grace: float, now: Callable[[], float] = time.monotonic) -> None:
        self._grace, self._now = grace, now
        self._started: float | None = None
        self._in_hand, self._last_left = 0, now()
        self._lock = threading.Lock()
        self.over = False
        """Whether it is the server's turn now: the next SIGTERM is for its own handler."""

    @property
    def draining(self) -> bool:
        """Whether the process is on its way out."""
        return self._started is not None

    @property
    def expired(self) -> bool:
        """Whether the grace is over, so that open streams have to end."""
        return self._started is not None and self._now() >= self._started + self._grace

    @property
    def done(self) -> bool:
        """Whether nothing is left to wait for."""
        if self._started is None:
            return False
        quiet = self._in_hand == 0 and self._now() >= max(self._started, self._last_left) + QUIET
        return quiet or self._now() >= self._started + self._grace + LAST_WORDS

    def health(self) -> Health:
        """What `GET /health` answers."""
        status: Literal["healthy", "draining"] = "draining" if self.draining else "healthy"
        return Health(503 if self.draining else 200, HealthResponse(status=status, version=VERSION))

    def start(self) -> None:
        """From now on, no new work."""
        self._started = self._now()

    def admit(self) -> None:
        """Raises `Unavailable` when the process takes no new work."""
        if self.draining:
            raise Unavailable

    def enter(self) -> None:
        """A request has begun."""
        with self._lock:
            self._in_hand += 1

    def leave(self) -> None:
        """A request's body has been sent, or its client has gone."""
        with self._lock:
            self._in_hand -= 1
            self._last_left = self._now()


def drain_on_sigterm(drain: Drain) -> None:
    """Put the drain before the server's own SIGTERM handler; does nothing outside the main thread (in tests)."""
    if threading.current_thread() is not threading.main_thread():
        return
    server_handler = signal.getsignal(signal.SIGTERM)

    def on_sigterm(number: int, frame: FrameType | None) -> None:
        if not drain.draining:
            drain.start()
            # Not threading.Thread: its start() waits, which a signal handler in gevent's hub must not.
            _thread.start_new_thread(_hand_over, (drain,))
        elif drain.over:
            _call(server_handler, number, frame)

    signal.signal(signal.SIGTERM, on_sigterm)
    os.register_at_fork(after_in_child=_warn_of_fork)


def _warn_of_fork() -> None:
    """A server that forks its workers from a process with an app gives them signal handlers of its own."""
    service.warning(
        "this worker was forked after the app had been built, so it does not drain on SIGTERM, and streams are cut off:"
        " let each worker build the app (gunicorn: leave out --preload)"
    )


def _hand_over(drain: Drain) -> None:
    """Wait for the work in hand, give the signal to the server, and see that the process ends."""
    while not drain.done:
        time.sleep(TICK)
    drain.over = True
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SERVER_EXIT)
    os._exit(0)


def _call(handler: object, number: int, frame: FrameType | None) -> None:
    """The handler that was there before, or what the system does by default: end the process."""
    if callable(handler):
        handler(number, frame)
    else:
        os._exit(128 + number)
