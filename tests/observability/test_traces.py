"""The traces are right: one span a request, as long as its stream, with its id, and without a secret."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadtests.targets import DEFAULT_TARGETS, load_targets
from tests.conformance.fixtures import Launched, started
from tests.conformance.poll import poll
from tests.conformance.subject import JSON, Subject, fresh, payload
from tests.observability.collector import SERVER, Collector, Span, collecting

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "a-secret-that-is-said"
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
"""Milliseconds between two exports, where the library takes 5 s."""


@contextmanager
def _traced(name: str, folder: Path, **settings: str) -> Iterator[tuple[Launched, Collector]]:
    with collecting() as collector:
        wanted = {**QUICK, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "SCRIPTED_FAULTS": "true", **settings}
        with started(load_targets()[name], wanted, folder / "log") as launched:
            yield launched, collector


def _span(collector: Collector, request_id: str) -> Span:
    (span,) = poll(lambda: collector.of(request_id), 10, f"span of {request_id}")
    return span


def _ask(subject: Subject, method: str, target: str, *headers: tuple[str, str], body: bytes | None = None) -> str:
    """Send it with an id, and give that."""
    request_id = fresh("r")
    subject.request(method, target, [("X-API-Key", subject.key), JSON, ("X-Request-ID", request_id), *headers], body)
    return request_id


@pytest.mark.parametrize("name", DEFAULT_TARGETS)
def test_one_span_for_each_request(name: str, tmp_path: Path) -> None:
    """Every request, also a refused one, is one server span with its id, its trace's id is in its log line, and no span
    has a key, a message or a query in it, though headers are captured."""
    capture = {"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": ".*"}
    with _traced(name, tmp_path, **capture) as (launched, collector):
        subject, said = launched.subject, payload(SECRET)
        asked = {
            _ask(subject, "POST", "/chat", body=said): "POST /chat",
            _ask(subject, "POST", f"/chat?key={SECRET}", body=payload("/fail")): "POST /chat",
            _ask(subject, "POST", "/chat", body=payload("/crash")): "POST /chat",
            _ask(subject, "POST", "/chat/stream", body=said): "POST /chat/stream",
            _ask(subject, "POST", "/chat/stream", body=payload(f"/stall {SECRET}")): "POST /chat/stream",
            _ask(subject, "GET", f"/{fresh()}"): "GET",
            _ask(subject, "PUT", "/health"): "PUT",
            _ask(subject, "GET", "/docs", ("Host", "no host at all")): "GET /docs",
        }  # fmt: skip
        spans = {request_id: _span(collector, request_id) for request_id in asked}
        assert not {span.parent for span in spans.values()} - {""}
        assert len({span.trace for span in spans.values()}) == len(asked)
        assert {request_id: span.name for request_id, span in spans.items()} == asked | _named_by_path(subject, asked)
        for request_id, span in spans.items():
            assert subject.log_line(request_id)["trace_id"] == span.trace
        for secret in (SECRET, subject.key):
            assert secret not in collector.text()


def _named_by_path(subject: Subject, asked: dict[str, str]) -> dict[str, str]:
    """FastAPI's instrumentation names the route of a method that it does not take."""
    return {of: "PUT /health" for of, name in asked.items() if name == "PUT" and subject.name.startswith("fastapi")}


@pytest.mark.parametrize("name", DEFAULT_TARGETS)
def test_span_of_a_stream_lasts_as_long(name: str, tmp_path: Path) -> None:
    """A stream's span ends when the stream does, has no span for each event, continues its caller's trace, and holds
    the model's calls; the next request on the connection has a trace of its own."""
    with _traced(name, tmp_path, SCRIPTED_ITL="0.03") as (launched, collector):
        subject, request_id = launched.subject, fresh("r")
        caller = ("traceparent", f"00-{TRACE}-{PARENT}-01")
        with subject.stream("calculate 6 * 7", None, ("X-Request-ID", request_id), caller) as stream:
            opened = time.monotonic()
            events = list(stream.events())
            lasted = time.monotonic() - opened
        span = _span(collector, request_id)
        assert (span.trace, span.parent) == (TRACE, PARENT)
        assert span.seconds >= lasted * 0.9 > 0.2
        children = [one for one in collector.spans() if one.trace == TRACE and one.kind != SERVER]
        assert [(one.name, one.parent) for one in children] == [("model call", span.id)] * 2
        assert len(children) < len(events)
        assert all(one.events == ("first answer",) for one in children)
        assert sum(one.seconds for one in children) <= span.seconds
        after = _span(collector, _ask(subject, "GET", "/health"))
        assert (after.trace != TRACE, after.parent) == (True, "")


@pytest.mark.parametrize("name", DEFAULT_TARGETS)
def test_last_spans_are_sent(name: str, tmp_path: Path) -> None:
    """What was recorded just before SIGTERM is at the collector when the process has gone."""
    assert any(_sent_at_the_end(name, tmp_path) for _ in range(3)), (
        "half a second is enough, on a busy machine at times"
    )


def _sent_at_the_end(name: str, folder: Path) -> bool:
    with _traced(name, folder, OTEL_BSP_SCHEDULE_DELAY="60000") as (launched, collector):
        request_id = _ask(launched.subject, "GET", "/docs")
        launched.subject.log_line(request_id)
        assert not collector.of(request_id)
        launched.process.terminate()
        launched.process.wait(20)
        return len(collector.of(request_id)) == 1


USELESS = {
    "fastapi-uvicorn-silent": ("fastapi-uvicorn", True),
    "fastapi-uvicorn-down": ("fastapi-uvicorn", False),
    "flask-gthread-down": ("flask-gthread", False),
    "flask-gevent-silent": ("flask-gevent", True),
}


@pytest.mark.parametrize(("name", "silent"), USELESS.values(), ids=USELESS)
def test_collector_of_no_use_costs_nothing(name: str, silent: bool, tmp_path: Path) -> None:
    """With a collector that is down, or does not answer, requests are answered and the process ends in its time."""
    with collecting(silent=silent) as collector:
        url = collector.url if silent else "http://127.0.0.1:1"
        settings = {**QUICK, "OTEL_EXPORTER_OTLP_ENDPOINT": url, "DRAIN_SECONDS": "1"}
        with started(load_targets()[name], settings, tmp_path / "log") as launched:
            subject = launched.subject
            for _ in range(5):
                assert subject.chat("hello").status == 200
                assert subject.streamed("hello")[-1]["type"] == "end"
            if silent:
                poll(collector.spans, 10, "export that hangs")
            launched.process.terminate()
            began = time.monotonic()
            launched.process.wait(30)
            assert time.monotonic() - began < 1 + 2 + 5, "the drain, the end of the process, and slack"
            assert "Traceback" not in subject.log_text()
