"""What metrics and traces cost: CPU time of the server for a request and for a stream, without, with one, with both.

Rule: servers are measured one after the other in rounds, so that a machine's slow minute meets all of them; what is
told is the median of the rounds and how far they lie apart. Neighbours: `__main__` (the command), `cost_page`.
"""

import http.client
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from loadtests.serve import Server, running
from loadtests.targets import DEFAULT_TARGETS, load_targets
from tests.observability.collector import collecting
from tests.resilience.part import Frozen, machine, now

WAYS = ("off", "metrics", "traces", "both")
MESSAGE = json.dumps({"message": "calculate 6 * 7"}).encode()


class Cost(Frozen):
    """CPU time in microseconds: the median of the rounds, and the least and the most of them."""

    median: float
    least: float
    most: float


class Row(Frozen):
    """One target with one setting."""

    target: str
    way: str
    request: Cost
    stream: Cost


class Measured(Frozen):
    """A whole measurement."""

    taken: datetime
    machine: str
    rounds: int
    requests: int
    streams: int
    events: int
    rows: tuple[Row, ...]


def measure(rounds: int, requests: int, streams: int, tell: Callable[[str], None]) -> Measured:
    """Every target with every setting, `rounds` times; each server gets the requests, then the streams."""
    seen: dict[tuple[str, str], list[tuple[float, float]]] = {}
    events = 0
    with collecting() as collector:
        for number in range(rounds):
            for target in DEFAULT_TARGETS:
                for way in WAYS:
                    with _server(target, way, collector.url) as client:
                        seen.setdefault((target, way), []).append((client.requests(requests), client.streams(streams)))
                        events = client.events
            tell(f"round {number + 1} of {rounds}")
    rows = (
        Row(target=target, way=way, request=_cost(one for one, _ in each), stream=_cost(other for _, other in each))
        for (target, way), each in seen.items()
    )
    return Measured(
        taken=now(),
        machine=machine(),
        rounds=rounds,
        requests=requests,
        streams=streams,
        events=events,
        rows=tuple(rows),
    )


class Client:
    """One connection to one server, and the CPU time that the server's processes take."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        self._head = {"X-API-Key": server.key, "Content-Type": "application/json"}
        self.events = 0

    def requests(self, count: int) -> float:
        """Microseconds for each GET /health."""
        return self._taken(count, lambda: self._ask("GET", "/health"))

    def streams(self, count: int) -> float:
        """Microseconds for each stream."""
        self.events = self._ask("POST", "/chat/stream", MESSAGE).count(b"data: ")
        return self._taken(count, lambda: self._ask("POST", "/chat/stream", MESSAGE))

    def _taken(self, count: int, once: Callable[[], bytes]) -> float:
        for _ in range(count // 10):  # the first ones fill caches
            once()
        before = self._cpu()
        for _ in range(count):
            once()
        return (self._cpu() - before) / count * 1e6

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, self._head)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == 200, (answer.status, content)
        return content

    def _cpu(self) -> float:
        times = (process.cpu_times() for process in self._server.processes())
        return sum(one.user + one.system for one in times)


@contextmanager
def _server(target: str, way: str, collector: str) -> Iterator[Client]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parity-")))
        settings: dict[str, str] = {}
        if way in {"metrics", "both"}:
            settings["METRICS_DIR"] = str(folder / "metrics")
        if way in {"traces", "both"}:
            settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector
        yield Client(stack.enter_context(running(load_targets()[target], log=folder / "log", settings=settings)))


def _cost(values: Iterator[float]) -> Cost:
    kept = sorted(values)
    return Cost(median=round(statistics.median(kept)), least=round(kept[0]), most=round(kept[-1]))
