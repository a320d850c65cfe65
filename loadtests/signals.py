"""What Ctrl-C and SIGTERM do to a command that has servers: they end it by an exception, so that every `finally` runs.

Rule: nothing is imported that a command's `--help` would wait for. Neighbours: `cli` and the long runs under `tests/`
install the handler of SIGTERM, `verify.suite` lets nobody disturb its end; `serve` and `drive` hold signals back while
they start or kill.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 130
"""The exit code after Ctrl-C."""


def leave_on_sigterm(error: BaseException | None = None) -> None:
    """Let SIGTERM raise `error`; None: `SystemExit` with the exit code that a shell gives to it."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise error or SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)


@contextmanager
def heard_once() -> Iterator[Callable[[], bool]]:
    """Let the first of these signals do what it always does, and drop the others until the block has ended.

    For a block that cleans up after itself: whoever presses Ctrl-C again need not be told twice. It is given a
    function that says whether one has come: an exception that is raised inside a C library's callback is lost there.
    """
    if threading.current_thread() is not threading.main_thread():  # only the main thread is interrupted
        yield lambda: False
        return
    heard: list[int] = []
    before = {number: handler for number in STOPPING if callable(handler := signal.getsignal(number))}

    def first(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        for each in before:
            signal.signal(each, _dropped)
        before[signal.Signals(number)](number, frame)

    try:
        for number in before:
            signal.signal(number, first)
        yield lambda: bool(heard)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Hold these signals back until the block has ended: no impatience leaves half of what it starts or ends."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread is interrupted
        yield
        return
    held: list[int] = []
    before = {number: signal.signal(number, lambda sent, _: held.append(sent)) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for late in held:
        signal.raise_signal(late)


def _dropped(_number: int, _frame: FrameType | None) -> None:
    """Somebody has asked for what is being done already."""
