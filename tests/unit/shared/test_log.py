"""A request's line in the log: its form, and that it is one write."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from shared import log


class Writes(io.RawIOBase):
    """Standard error's file, write by write."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        """As a file that is open for writing."""
        return True

    def write(self, part: bytes) -> int:  # type: ignore[override]  # bytes are all that comes from a buffer
        """Take it all."""
        self.parts.append(bytes(part))
        return len(part)


@contextmanager
def _heard(file: Writes, level: int) -> Iterator[None]:
    """What `configure` sets up, over a file of ours."""
    buffered = io.BufferedWriter(file)  # type: ignore[type-var]  # typeshed asks for more than a RawIOBase
    handler = logging.StreamHandler(io.TextIOWrapper(buffered, line_buffering=True))
    handler.setFormatter(log.JsonLines())
    before = log.access.level
    log.access.setLevel(level)
    log.access.addHandler(handler)
    try:
        yield
    finally:
        log.access.removeHandler(handler)
        log.access.setLevel(before)


def _written(level: int = logging.INFO) -> list[bytes]:
    """The writes for one request."""
    file = Writes()
    with _heard(file, level):
        record = log.RequestRecord("an-id", "POST", "/chat")
        record.status = 200
        record.finish()
    return file.parts


def test_one_write() -> None:
    """A line is one write with its line feed, so that the lines of many workers do not mix."""
    (line,) = _written()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_form() -> None:
    """The line has the usual four and the request's, and its time is the one of now, in milliseconds."""
    before = datetime.now().astimezone()
    line = json.loads(_written()[0])
    assert list(line) == ["time", "logger", "level", "message", "request_id", "method", "path", "status", "seconds"]
    assert (line["logger"], line["level"], line["message"]) == ("parity.access", "INFO", "request")
    assert -0.001 <= (datetime.fromisoformat(line["time"]) - before).total_seconds() < 60  # cut, not rounded


def test_same_form_as_logging() -> None:
    """Every other line has the same form, so one parser reads all."""
    record = logging.LogRecord("parity.service", logging.INFO, "", 0, "started", (), None)
    other, mine = json.loads(log.JsonLines().format(record)), json.loads(_written()[0])
    assert list(other) == list(mine)[:4]
    assert len(other["time"]) == len(mine["time"])


def test_level() -> None:
    """LOG_LEVEL=warning leaves the requests' lines out."""
    assert _written(logging.WARNING) == []
