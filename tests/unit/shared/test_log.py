"""A request's line in the log: its form, and that it is one write."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from socket import AF_UNIX, SOCK_DGRAM, socket, socketpair

import pytest

from shared import log


@contextmanager
def _heard(level: int) -> Iterator[socket]:
    """What `configure` sets up, over a socket that gives each write as a message of its own."""
    ours, its = socketpair(AF_UNIX, SOCK_DGRAM)
    handler = log.OneWrite(its.fileno())
    before = log.access.level
    log.access.setLevel(level)
    log.access.addHandler(handler)
    try:
        with ours, its:
            yield ours
    finally:
        log.access.removeHandler(handler)
        log.access.setLevel(before)


def _written(level: int = logging.INFO) -> list[bytes]:
    """The writes for one request."""
    with _heard(level) as heard:
        record = log.RequestRecord("an-id", "POST", "/chat")
        record.status = 200
        record.finish()
        heard.setblocking(False)
        writes = []
        with suppress(BlockingIOError):
            while True:
                writes.append(heard.recv(65_536))
        return writes


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


def test_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler has no lock, and a line is written with a `logging` that takes it unasked, as Python 3.13's does."""

    def handle(self: logging.Handler, record: logging.LogRecord) -> bool:
        passed = self.filter(record)
        if passed:
            with self.lock:  # type: ignore[union-attr]  # unasked, as there
                self.emit(record)
        return bool(passed)

    monkeypatch.setattr(logging.Handler, "handle", handle)
    assert len(_written()) == 1
    assert log.OneWrite(2).lock is None


def test_filter() -> None:
    """A filter of the handler is asked: what it keeps back is not written."""
    with _heard(logging.INFO) as heard:
        log.access.handlers[-1].addFilter(lambda record: "secret" not in record.getMessage())
        log.access.info("secret")
        log.access.info("other")
        assert json.loads(heard.recv(65_536))["message"] == "other"


def test_what_cannot_be_written_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A log that nobody takes any more does not end the request; `logging` says what failed."""
    with _heard(logging.INFO) as heard:
        heard.close()
        log.access.info("request")
    assert "Logging error" in capsys.readouterr().err
