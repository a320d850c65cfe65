"""The log: one JSON line per request when its body has been sent, and one for what failed unexpectedly.

Rule: never a key, never a message; a line is one write, so the lines of many workers never mix. Neighbours: each
server's `middleware.py`, which knows when a request is over.
"""

import logging
import os
import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from shared.errors import ApiError, Unavailable, problem
from shared.observability.watch import Watch
from shared.settings import Settings
from shared.sse import StreamRecord

access = logging.getLogger("parity.access")
service = logging.getLogger("parity.service")

STANDARD_ERROR = 2
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: the usual four, and whatever is in its `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.created % 1 * 1000):03d}+00:00",
            "logger": record.name,
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return to_json(line).decode()


@lru_cache(maxsize=2)  # the lines of one second share it; every other way to write a time took half of the line's cost
def _second(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _say(fields: dict[str, Any]) -> None:
    """A request's line, as `access.info` would write it, which looks through the stack for its caller first."""
    if access.isEnabledFor(logging.INFO):
        record = logging.LogRecord(access.name, logging.INFO, __file__, 0, "request", (), None)
        record.fields = fields
        access.handle(record)


class OneWrite(logging.Handler):
    """Each line is one write to the file, so it needs neither buffer nor lock, whose price each request would pay."""

    def __init__(self, file: int) -> None:
        super().__init__()
        self._file = file
        self.setFormatter(JsonLines())

    def createLock(self) -> None:  # noqa: N802 - the name is logging's
        """None: lines of threads do not mix."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """As logging's own without the lock, which Python 3.13 takes and does not ask whether there is one."""
        passed = self.filter(record)
        if passed:
            self.emit(record if passed is True else passed)  # from Python 3.12 on a filter may put another in its place
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; what fails is reported the way that `logging` has for it."""
        try:
            line = f"{self.format(record)}\n".encode()
            while line:  # a signal may break a long one off in the middle
                line = line[os.write(self._file, line) :]
        except Exception:
            self.handleError(record)


def configure(level: str) -> None:
    """Send the kit's own log to standard error as JSON lines; other libraries' loggers are left alone."""
    root = logging.getLogger("parity")
    root.setLevel(level.upper())
    if not root.handlers:
        handler = OneWrite(STANDARD_ERROR)
        root.addHandler(handler)
        root.propagate = False


def adopt(logger: logging.Logger) -> None:
    """Send a library's warnings the same way as our own log, in the same form."""
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.handlers[:] = logging.getLogger("parity").handlers


def started(settings: Settings) -> None:
    """The start-up line, and a warning where the settings let nobody in."""
    service.info("started", extra={"fields": {"model": settings.agent_model}})
    if not settings.valid_api_keys:
        service.warning("VALID_API_KEYS is empty, so every protected route answers 401: set it to at least one key")


def request_id(sent: Sequence[str]) -> str:
    """The client's own `X-Request-ID` when it came once and is harmless to repeat, else a new one."""
    own = sent[0].strip(" \t") if len(sent) == 1 else ""
    return own if _REQUEST_ID.fullmatch(own) else secrets.token_hex(16)


class RequestRecord:
    """What will be said of one request: filled in while it runs, written by `finish`.

    `route` (its address's template), `trace_id` and `first_token` (seconds) are for `watches`, and filled in by them.
    """

    def __init__(self, request_id: str, method: str, path: str, watches: Sequence[Watch] = ()) -> None:
        self.request_id, self.method, self.path = request_id, method, path
        self.status = 0
        self.refused = False
        self.route: str | None = None
        self.trace_id: str | None = None
        self.first_token: float | None = None
        self.stream: StreamRecord | None = None
        self._watches = watches
        self._started = time.perf_counter()
        for watch in watches:
            watch.began(self)

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.perf_counter() - self._started

    def stream_began(self) -> StreamRecord:
        """The answer will be a stream: what is to be filled in of it."""
        self.stream = StreamRecord(self._event_sent if self._watches else None)
        for watch in self._watches:
            watch.stream_began(self)
        return self.stream

    def _event_sent(self, kind: str) -> None:
        for watch in self._watches:
            watch.event_sent(self, kind)

    def failed(self, exc: Exception) -> None:
        """An error on the server's side: what it was stays here, in the log; unexpected ones with their traceback."""
        told = problem(exc)
        if told.status < 500:
            return
        for watch in self._watches:
            watch.failed(self, exc)
        self.refused = type(exc) is Unavailable
        expected = isinstance(exc, ApiError) and exc.__cause__ is None
        level = logging.INFO if self.refused else logging.ERROR  # to refuse work is no failure
        line = {"request_id": self.request_id, "error": type(exc).__name__, "reason": told.body.detail}
        service.log(level, "request failed", exc_info=None if expected else exc, extra={"fields": line})

    def finish(self) -> None:
        """Write the line."""
        line: dict[str, str | int | float] = {
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "seconds": round(self.seconds, 6),
        }
        if self.trace_id is not None:
            line["trace_id"] = self.trace_id
        if self.stream is not None:
            line |= {"events": self.stream.events, "outcome": self.stream.outcome}
            if self.stream.cause is not None:
                self.failed(self.stream.cause)
        _say(line)
        for watch in self._watches:
            watch.ended(self)
