"""A collector of the tests' own: takes what the servers send by OTLP over HTTP, and keeps it.

Rule: knows the protocol's messages and nothing of the servers. Neighbour: `test_traces`.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

SERVER = Sent.SpanKind.SPAN_KIND_SERVER


@dataclass(frozen=True, slots=True)
class Span:
    """One span; times in seconds, ids in hexadecimal, no parent is an empty one."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    began: float
    seconds: float
    attributes: Mapping[str, str]
    events: tuple[str, ...]

    @property
    def request_id(self) -> str:
        """The request's, on a server's span."""
        return self.attributes.get("parity.request_id", "")


class Collector:
    """What has come so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._received: list[ExportTraceServiceRequest] = []

    def take(self, body: bytes) -> None:
        """One export."""
        self._received.append(ExportTraceServiceRequest.FromString(body))

    def text(self) -> str:
        """Everything, as text, to look for what must not be in it."""
        return "\n".join(map(str, self._received))

    def spans(self) -> list[Span]:
        """All spans."""
        return [
            _span(span) for sent in self._received for of in sent.resource_spans for scope in of.scope_spans
            for span in scope.spans
        ]  # fmt: skip

    def of(self, request_id: str) -> list[Span]:
        """The server's spans with this request id."""
        return [span for span in self.spans() if span.kind == SERVER and span.request_id == request_id]


def _span(sent: Any) -> Span:
    return Span(
        name=sent.name,
        kind=sent.kind,
        trace=sent.trace_id.hex(),
        id=sent.span_id.hex(),
        parent=sent.parent_span_id.hex(),
        began=sent.start_time_unix_nano / 1e9,
        seconds=(sent.end_time_unix_nano - sent.start_time_unix_nano) / 1e9,
        attributes={one.key: str(getattr(one.value, one.value.WhichOneof("value"))) for one in sent.attributes},
        events=tuple(event.name for event in sent.events),
    )


@contextmanager
def collecting(*, silent: bool = False) -> Iterator[Collector]:
    """Run one for the length of the block; a silent one takes a request and does not answer before the end."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """An export."""
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            if silent:
                ended.wait(60)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            ended.set()
            server.shutdown()
            thread.join()
