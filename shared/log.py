"""The log: one JSON line per request when its body has been sent, and one for what failed unexpectedly.

Rule: never a key, never a message. Neighbours: each server's `middleware.py`, which knows when a request is over.
"""

import logging
import re
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from shared.errors import ApiError, Unavailable, problem
from shared.settings import Settings
from shared.sse import StreamRecord

access = logging.getLogger("parity.access")
service = logging.getLogger("parity.service")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: the usual four, and whatever is in its `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "logger": record.name,
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return to_json(line).decode()


def configure(level: str) -> None:
    """Send the kit's own log to standard error as JSON lines; other libraries' loggers are left alone."""
    root = logging.getLogger("parity")
    root.setLevel(level.upper())
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
        root.propagate = False


def started(settings: Settings) -> None:
    """The start-up line, and a warning where the settings let nobody in."""
    service.info("started", extra={"fields": {"model": settings.agent_model}})
    if not settings.valid_api_keys:
        service.warning("VALID_API_KEYS is empty, so every protected route answers 401: set it to at least one key")


def request_id(sent: Sequence[str]) -> str:
    """The client's own `X-Request-ID` when it came once and is harmless to repeat, else a new one."""
    own = sent[0].strip(" \t") if len(sent) == 1 else ""
    return own if _REQUEST_ID.fullmatch(own) else uuid.uuid4().hex


class RequestRecord:
    """What will be said of one request: filled in while it runs, written by `finish`."""

    def __init__(self, request_id: str, method: str, path: str) -> None:
        self.request_id, self.method, self.path = request_id, method, path
        self.status = 0
        self.stream: StreamRecord | None = None
        self._started = time.perf_counter()

    def failed(self, exc: Exception) -> None:
        """An error on the server's side: what it was stays here, in the log; unexpected ones with their traceback."""
        told = problem(exc)
        if told.status < 500:
            return
        expected = isinstance(exc, ApiError) and exc.__cause__ is None
        level = logging.INFO if type(exc) is Unavailable else logging.ERROR  # to refuse work is no failure
        line = {"request_id": self.request_id, "error": type(exc).__name__, "reason": told.body.detail}
        service.log(level, "request failed", exc_info=None if expected else exc, extra={"fields": line})

    def finish(self) -> None:
        """Write the line."""
        line: dict[str, str | int | float] = {
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "seconds": round(time.perf_counter() - self._started, 6),
        }
        if self.stream is not None:
            line |= {"events": self.stream.events, "outcome": self.stream.outcome}
            if self.stream.cause is not None:
                self.failed(self.stream.cause)
        access.info("request", extra={"fields": line})
