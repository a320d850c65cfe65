"""What Prometheus is told: counts and times of requests, streams, turns and model calls, of all workers together.

Rule: seconds and other base units; a label's values are known beforehand (a route's template, never a path), so that
no client can make the series grow. Neighbours: `folder` (how many processes are one service), `watch`, the table of
names in docs/observability.md, which a test holds to this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from shared.drain import Drain
from shared.errors import ModelError, ModelTimeout
from shared.log import RequestRecord
from shared.models import StreamEvent
from shared.observability.build import METRICS_PATH
from shared.observability.folder import Folder
from shared.observability.watch import Watch
from shared.settings import ConfigurationError

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds: an answer without a model is at the lower end, an agent's turn at the upper."""

OUTCOMES = ("completed", "failed", "disconnected")
EVENTS = tuple(kind.model_fields["type"].default for kind in get_args(get_args(StreamEvent)[0]))
MODEL_ERRORS = (ModelError.__name__, ModelTimeout.__name__)
UNREAD = CollectorRegistry()
"""The page is read from the files: the registry that the library would take by itself would count twice."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to GET /metrics."""

    content: bytes
    media_type: str


class Metrics(Watch):
    """The figures of this process, and the page of all. Raises `ConfigurationError` for a folder of no use."""

    def __init__(self, path: Path, drain: Drain) -> None:
        self._folder, self._drain = Folder(path), drain
        if not values.ValueClass._multiprocess:
            raise ConfigurationError(
                "METRICS_DIR cannot be used: prometheus_client was imported before the app was made, and keeps its "
                "figures in one process since; import it later, or set PROMETHEUS_MULTIPROC_DIR to the same folder too"
            )
        try:
            with self._folder.joined():
                self._make()
        except OSError as error:
            raise ConfigurationError(
                f"METRICS_DIR={str(path)!r} cannot be used: {error}; set it to a folder of this service's own "
                "that it may write to, or unset it"
            ) from error

    def _make(self) -> None:
        self._requests = Counter(
            "parity_http_requests", "Requests answered.", ("method", "route", "status"), registry=UNREAD
        )
        self._seconds = _timed(
            "parity_http_request_duration_seconds", "From a request's head to the end of its body.", "method", "route"
        )
        self._in_progress = _live("parity_http_requests_in_progress", "Requests in hand.", "livesum")
        self._streams = _live("parity_streams_open", "Streams in hand.", "livesum")
        self._events = _counted("parity_stream_events", "Stream events written.", "type", EVENTS)
        self._first_token = _timed(
            "parity_time_to_first_token_seconds", "From a request's head to its stream's first token."
        )
        self._turns = _counted("parity_turns", "Turns, by how they ended.", "outcome", OUTCOMES)
        self._model_errors = _counted("parity_model_errors", "Turns that the model failed.", "error", MODEL_ERRORS)
        self._draining = _live("parity_draining", "1 when the process that answers is going away.", "livemax")

    def page(self, accept: str) -> Page:
        """All workers' figures, in the newest format that the client takes."""
        encode, media_type = choose_encoder(accept)
        self._draining.set(self._drain.draining)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._folder.path))  # type: ignore[no-untyped-call]
        with self._folder.swept():
            return Page(encode(registry), media_type)

    def began(self, request: RequestRecord) -> None:
        """One more in hand; who looks at the figures is not among them."""
        if request.path != METRICS_PATH:
            self._in_progress.inc()

    def stream_began(self, request: RequestRecord) -> None:  # noqa: ARG002 - as `Watch` has it
        """One more stream in hand."""
        self._streams.inc()

    def event_sent(self, request: RequestRecord, kind: str) -> None:
        """An event more, and the time that a user cares for most."""
        if kind == "token" and request.first_token is None:
            request.first_token = request.seconds
            self._first_token.observe(request.first_token)
        self._events[kind].inc()

    def failed(self, request: RequestRecord, cause: Exception) -> None:  # noqa: ARG002 - as `Watch` has it
        """A failure of the model is one of these two."""
        if isinstance(cause, ModelError):
            self._model_errors[MODEL_ERRORS[isinstance(cause, ModelTimeout)]].inc()

    def ended(self, request: RequestRecord) -> None:
        """The request with all that is known of it now."""
        if request.path == METRICS_PATH:
            return
        method = request.method if request.method in METHODS else OTHER
        route = request.route or OTHER
        self._requests.labels(method, route, str(request.status)).inc()
        self._seconds.labels(method, route).observe(request.seconds)
        self._in_progress.dec()
        if request.stream is not None:
            self._streams.dec()
        if (outcome := _outcome(request)) is not None:
            self._turns[outcome].inc()


def _counted(name: str, told: str, label: str, known: Sequence[str]) -> Mapping[str, Counter]:
    """A counter for each value of its label, there from the start: so the first of its kind is a change already."""
    counter = Counter(name, told, (label,), registry=UNREAD)
    return {value: counter.labels(value) for value in known}


def _timed(name: str, told: str, *labels: str) -> Histogram:
    """How long something took."""
    return Histogram(name, told, labels, buckets=SECONDS, registry=UNREAD)


def _live(name: str, told: str, mode: Literal["livesum", "livemax"]) -> Gauge:
    """What there is now, in all processes that are alive."""
    return Gauge(name, told, multiprocess_mode=mode, registry=UNREAD)


def _outcome(request: RequestRecord) -> str | None:
    """How the request's turn ended; None when it had none."""
    if request.stream is not None:
        return request.stream.outcome
    if (request.method, request.route) != ("POST", "/chat"):
        return None
    if request.status == 499:
        return "disconnected"
    if request.status >= 500:
        return None if request.refused else "failed"
    return "completed" if request.status == 200 else None
