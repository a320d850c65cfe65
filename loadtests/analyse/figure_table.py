"""Which figures each scenario gives, in the report's order: name, unit, direction, what it means, how it is read.

Rule: adding a figure is adding an entry; nothing else knows figures by name but the claims that are judged from them.
Neighbours: figures has the readers, analyse walks over the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from loadtests.analyse import figures as read
from loadtests.analyse.figures import Figure, Loop, Read
from loadtests.levels import LONG
from loadtests.scenarios import ACCEPTED, HEALTH, REFUSED


@dataclass(frozen=True)
class Words:
    """A scenario's heading and what it asks, for the report."""

    title: str
    asked: str


WORDS: Final[Mapping[str, Words]] = {
    "chat": Words(
        "Performance: what does a reply cost?",
        "POST /chat with a model that takes no time, so that what is left is the framework and its server.",
    ),
    "async": Words(
        "Async support: how many slow model calls can be waited for at once?",
        "POST /chat with a model that takes 200 ms, at rising concurrency. By Little's law the calls in flight are "
        "throughput times 0.2 s: a deployment that waits well holds as many as there are users.",
    ),
    "validation": Words(
        "Validation: what is caught, and at what cost?",
        "Valid bodies between invalid and hostile ones: broken JSON, wrong types, a lone surrogate, 1,000 levels, "
        "5,000 digits, a byte order mark, too large, not JSON. Each answer must have the contract's status.",
    ),
    "docs": Words(
        "Documentation: what is generated, and at what cost?",
        "GET /openapi.json and GET /docs: generated from the code, served without any other host.",
    ),
    "stream": Words(
        "Streaming: does each token arrive when it is made?",
        "POST /chat/stream, many at once, with a model that takes 50 ms to its first token and 50 ms between tokens.",
    ),
    LONG: Words(
        "Streaming at the limit: how many streams keep their pace?",
        "POST /chat/stream with a reply of 94 tokens, 50 ms to the first and 50 ms between them. Streams begin evenly "
        "spaced, as many a second as end, so that about so many are open at once.",
    ),
}

THROUGHPUT = Figure(
    "throughput",
    "Throughput",
    "requests/s",
    0,
    "higher",
    "Answers per second, closed loop.",
    read.of_drive(lambda result: result.throughput),
    loop="closed",
)
GOODPUT = Figure(
    "goodput",
    "Goodput",
    "requests/s",
    0,
    "higher",
    "Answers per second that met the scenario's limits.",
    read.of_drive(lambda result: result.goodput),
    chart=False,
)
CPU = Figure(
    "cpu_ms",
    "CPU per 1,000 requests",
    "s",
    3,
    "lower",
    "CPU-seconds of the server's whole process tree for 1,000 answers; the same number in ms is one answer's.",
    read.of_use(read.cpu_per_thousand),
)
RSS = Figure(
    "rss",
    "Memory",
    "MiB",
    0,
    "lower",
    "Resident memory of the whole process tree, median over the window.",
    read.of_use(lambda _, cost: cost.rss_median_mib),
)


def _latency(name: str, title: str, explain: str, source: Read, *, loop: Loop = "closed") -> Figure:
    return Figure(name, title, "ms", 1, "lower", explain, source, loop=loop)


P50 = _latency("latency_p50", "Latency p50", "Half of the answers came sooner.", read.latency("p50"))
P95 = _latency("latency_p95", "Latency p95", "One in 20 came later.", read.latency("p95"))
P99 = _latency("latency_p99", "Latency p99", "One in 100 came later.", read.latency("p99"))
DUE = "From the time at which the request was due, as a user feels it."
SENT = "From the time at which it was sent: what it leaves out beside the figure above is coordinated omission."


def _quiet(figure: Figure) -> Figure:
    """In the table of numbers, without a chart."""
    return replace(figure, chart=False)


def _primary(figure: Figure) -> Figure:
    """The one that carries its scenario's verdict."""
    return replace(figure, primary=True)


def _sum(name: str, title: str, explain: str) -> Figure:
    return Figure(name, title, "a round", 0, "neither", explain, read.requests(name), chart=False, loop="open")


OPEN: Final = (
    _latency("intended_p50", "Latency p50, open loop", DUE, read.intended("p50"), loop="open"),
    _latency("intended_p99", "Latency p99, open loop", DUE, read.intended("p99"), loop="open"),
    _quiet(_latency("naive_p50", "Latency p50, naive", SENT, read.latency("p50"), loop="open")),
    _quiet(_latency("naive_p99", "Latency p99, naive", SENT, read.latency("p99"), loop="open")),
    _sum("offered", "Requests offered", "How many fell due in the window."),
    _sum("late", "Requests late", "Begun over 2 ms after they were due."),
    _sum("dropped", "Requests dropped", "Never sent: the generator had too many open."),
)
"""What an open loop shows, whatever it asks."""


def _group(name: str, title: str, group: str, quantile: str, explain: str) -> Figure:
    return Figure(name, title, "ms", 2, "lower", explain, read.group_latency(group, quantile))


def _in_flight(key: str, title: str, field: str, explain: str) -> Figure:
    """For information: in a closed loop it is near the users, whatever the server does."""
    return Figure(
        key, title, "requests", 1, "neither", explain, read.in_flight(field), chart=False, curve=False, loop="closed"
    )


def _count(name: str, title: str, explain: str, unit: str = "") -> Figure:
    return Figure(name, title, unit, 0, "neither", explain, read.documented(name), chart=False)


def _stream(key: str, title: str, field: str, quantile: str, explain: str) -> Figure:
    return Figure(key, title, "ms", 1, "lower", explain, read.stream_quantile(field, quantile))


_CHAT = (_primary(THROUGHPUT), P99, CPU, RSS, _quiet(P50), _quiet(P95), GOODPUT, *OPEN)
_ASYNC = (
    Figure(
        "held",
        "Model calls in flight",
        "calls",
        1,
        "higher",
        "Throughput times the model's 200 ms. As many as users: nobody waits for the server.",
        read.of_drive(read.held),
        ideal=lambda level: float(level.users or 0),
        curve=True,
        loop="closed",
        primary=True,
    ),
    _in_flight(
        "open_mean", "Requests open, counted", "mean", "By the client, on average; with the wait for the server."
    ),
    _in_flight(
        "littles_law", "Requests open, by Little's law", "littles_law", "Throughput times their own mean latency."
    ),
    P99,
    _group("health_p99", "/health p99 meanwhile", HEALTH, "p99", "How long a health check waits under this load."),
    _quiet(THROUGHPUT),
    _quiet(P50),
    _quiet(CPU),
    _quiet(RSS),
    GOODPUT,
    *OPEN,
)
_VALIDATION = (
    _primary(_group("accepted_p50", "Accepted body, p50", ACCEPTED, "p50", "Latency of a valid request, in the mix.")),
    _group("refused_p50", "Refused body, p50", REFUSED, "p50", "Latency of a refused request, in the mix."),
    CPU,
    _quiet(_group("accepted_p99", "Accepted body, p99", ACCEPTED, "p99", "One in 100 took longer.")),
    _quiet(_group("refused_p99", "Refused body, p99", REFUSED, "p99", "One in 100 took longer.")),
    Figure(
        "caught",
        "Expected status met",
        "%",
        1,
        "higher",
        "Answers, accepted and refused, with the status that the contract asks for.",
        read.of_drive(read.expected_met),
        chart=False,
    ),
    Figure(
        "refusals",
        "Bad bodies caught",
        "a round",
        0,
        "neither",
        "How many were sent and refused as the contract says.",
        read.group_met(REFUSED),
        chart=False,
    ),
)
_DOCS = (
    _primary(_group("openapi_p50", "GET /openapi.json, p50", "openapi", "p50", "Latency of the generated document.")),
    _group("docs_p50", "GET /docs, p50", "docs", "p50", "Latency of the page."),
    CPU,
    _count("operations", "Operations documented", "Paths times methods."),
    _count("responses", "Responses documented", "Status codes over all operations."),
    _count("schemas", "Schemas", "Components of the document."),
    _count("openapi_bytes", "Size of /openapi.json", "As sent.", "bytes"),
    _count("docs_bytes", "Size of /docs", "As sent.", "bytes"),
)
_STREAM = (
    replace(
        _stream("ttft_p99", "Time to first token, p99", "ttft_ms", "p99", "From the request to the first content."),
        ideal=lambda _: 1000 * read.setting("stream", "SCRIPTED_TTFT"),
    ),
    replace(
        _stream("itl_p99", "Gap between tokens, p99", "itl_ms", "p99", "Over all gaps; the model makes 50 ms."),
        ideal=lambda _: 1000 * read.setting("stream", "SCRIPTED_ITL"),
    ),
    _stream("longest_gap", "Longest gap, p99 of streams", "longest_gap_ms", "p99", "The worst pause inside a stream."),
    Figure(
        "cpu_million",
        "CPU per million events",
        "s",
        0,
        "lower",
        "CPU-seconds of the process tree for a million token events.",
        read.of_use(read.cpu_per_million_events),
        primary=True,
    ),
    Figure(
        "mib_stream",
        "Memory per open stream",
        "MiB",
        3,
        "lower",
        "Growth of the server's own memory (USS; RSS where the system gives none) under the load, by the streams "
        "open. Coarse with few streams.",
        read.memory_per_stream,
        chart=False,
    ),
    _quiet(_stream("ttft_p50", "Time to first token, p50", "ttft_ms", "p50", "Half came sooner.")),
    _quiet(_stream("itl_p50", "Gap between tokens, p50", "itl_ms", "p50", "Half were shorter.")),
    Figure(
        "events_per_read",
        "Events per read",
        "",
        3,
        "neither",
        "1 means that each token arrived by itself; above 1.05 gaps cannot be trusted.",
        read.of_drive(lambda result: result.events_per_read),
        chart=False,
    ),
    GOODPUT,
    Figure("completed", "Streams completed", "a round", 0, "neither", "", read.streams("completed"), chart=False),
    Figure("truncated", "Streams truncated", "a round", 0, "lower", "", read.streams("truncated"), chart=False),
)

FIGURES: Final[Mapping[str, tuple[Figure, ...]]] = {
    "chat": _CHAT,
    "async": _ASYNC,
    "validation": _VALIDATION,
    "docs": _DOCS,
    "stream": _STREAM,
    LONG: tuple(replace(figure, chart=True) if figure is GOODPUT else figure for figure in _STREAM),
}
