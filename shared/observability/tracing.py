"""Traces: what OpenTelemetry's own instrumentations of the frameworks record, sent to a collector by OTLP over HTTP.

Rule: a collector that is down or slow costs no request anything, and the process's end no more than `FLUSH` seconds.
Everything else is set by OpenTelemetry's standard variables, which its SDK reads. Neighbours: `watch`, each server's
`observability.py` (puts the instrumentation in place).
"""

import logging

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Span, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shared import log
from shared.agent.model import AsyncModel, Model
from shared.log import RequestRecord
from shared.observability.model_spans import AsyncTracedModel, TracedModel
from shared.observability.watch import Watch

FLUSH = 0.5
"""Seconds that the last spans have to go out; after the drain the whole end of the process has one second."""

ADDRESSES = frozenset({"http.target", "http.url", "url.full"})
"""Attributes that may have a query, by the older and by the newer conventions."""


class Tracing(Watch):
    """The process's tracer provider, and the request's id on its span, its trace's id in its log line."""

    def __init__(self, endpoint: str, service: str) -> None:
        log.adopt(logging.getLogger("opentelemetry"))
        self.no_meters = NoOpMeterProvider()  # the instrumentations count too; that is what `metrics` is for
        self.provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self.provider.add_span_processor(Batches(exporter))

        self.tracer = self.provider.get_tracer("parity")

    def began(self, request: RequestRecord) -> None:
        """Tie the log and the trace to each other."""
        span = trace.get_current_span()
        if (context := span.get_span_context()).is_valid:
            request.trace_id = trace.format_trace_id(context.trace_id)
            span.set_attribute("parity.request_id", request.request_id)
            if isinstance(span, Span):
                _drop_query(span)

    def model(self, model: Model) -> Model:
        """The model, its calls traced."""
        return TracedModel(model, self.tracer)

    def async_model(self, model: AsyncModel) -> AsyncModel:
        """As `model`."""
        return AsyncTracedModel(model, self.tracer)

    def close(self) -> None:
        """Send what is left, if that can be done at once."""
        self.provider.shutdown()


def _drop_query(span: Span) -> None:
    """People put keys into addresses: as in the log, the path is enough."""
    for name in ADDRESSES.intersection(span.attributes or ()):
        span.set_attribute(name, str((span.attributes or {})[name]).partition("?")[0])
    if "url.query" in (span.attributes or ()):
        span.set_attribute("url.query", "")


class Batches(BatchSpanProcessor):
    """Spans are sent by a thread of their own; at the end it gets `FLUSH` seconds, where the library waits for 30."""

    def shutdown(self) -> None:
        """Send what is left; a request to the collector that hangs is left hanging."""
        self._batch_processor.shutdown(timeout_millis=int(FLUSH * 1000))
