"""A bench on which nothing runs: no server is started and no load is sent, and a test says what happens at which drive.

Rule: it counts, so that a test can see that no server is left and none is loaded without being up. Neighbours:
test_compare, test_course.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

from loadtests.bench import Bench
from loadtests.compare import Parts
from loadtests.drive import DriveSpec
from loadtests.drive.result import DriveResult
from loadtests.drive.totals import Received
from loadtests.knee import Place
from loadtests.measure.precheck import Precheck
from loadtests.plan import Level, PlannedKnee
from loadtests.records import Ceiling, KneeSearch
from loadtests.targets import Target
from loadtests.upstream import Call, Stats
from loadtests.verify import VerifyOutcome
from loadtests.verify.grades import Count
from tests.unit.loadtests import made_up

PASSED = "2030-01-02 03:04:05 UTC"
SECRET = "secret-7f3a"
NOBODY = 2**22 + 1  # no process has this id
CEILING = Ceiling(
    measured_at=PASSED,
    machine="Imaginary 9000",
    events_per_second=20_000,
    requests_per_second=9_000,
    cpu_percent_at_events=55,
    cpu_percent_at_requests=55,
    seconds=30,
)


@dataclass(frozen=True)
class FakeServer:
    """Nothing runs."""

    url: str = "http://127.0.0.1:1"
    key: str = "made-up"

    def processes(self) -> list[psutil.Process]:
        """None."""
        return []


class FakeModelServer:
    """A model server that says it has sent this with each drive of the bench since it was started."""

    def __init__(self, bench: FakeBench, options: Mapping[str, object]) -> None:
        self.options, self.pid = options, NOBODY
        self.settings = {"AGENT_MODEL": "openai", "OPENAI_BASE_URL": f"http://{SECRET}", "OPENAI_API_KEY": SECRET}
        self._bench, self._begun = bench, bench.drives

    def stats(self) -> Stats:
        """Counts of the drives so far."""
        sent, times = self._bench.sent, self._bench.drives - self._begun
        names = ("tool_calls", "tokens", "characters")
        whole = {name: times * getattr(sent, name) for name in names}
        counts = dict.fromkeys(("cancelled", "failed", "refused", "connections"), 0)
        calls = times * sent.calls
        left = self._bench.left_open
        return Stats(requests=calls, calls=calls + left, open=left, completed=calls, faults={}, **whole, **counts)

    def calls(self) -> tuple[Call, ...]:
        """One that took 3 ms more than the first token's time."""
        ttft = float(str(self.options["ttft"]))
        facts = {"outcome": "completed", "tokens": 1, "characters": 5, "fault": None}
        return (Call.model_validate({"id": "1", "began": 100.0, "ended": 100.003 + ttft, **facts}),)


class FakeBench:
    """Counts servers that are up, and plays `drive` from a list of what happens at the nth drive.

    `received` is what the clients get in each drive, `sent` what a model server says it has sent for it.
    """

    def __init__(self, happens: Mapping[int, BaseException] | None = None, problems: tuple[str, ...] = ()) -> None:
        self.happens, self.problems = happens or {}, problems
        self.up = self.drives = 0
        self.settings: list[Mapping[str, str]] = []
        self.specs: list[DriveSpec] = []
        self.started: list[str] = []
        self.received = self.sent = Received(turns=10, calls=15, tool_calls=5, characters=3_000)
        self.left_open = 0
        self.models: list[FakeModelServer] = []
        self.asked_same: list[tuple[str, ...]] = []
        self.same = True
        self.proved: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self.floors_true = True
        self.searched: list[tuple[str, str, float | None]] = []

    @property
    def bench(self) -> Bench:
        """As a round takes it."""
        return Bench(self.running, self.look, self.drive, self.upstream, self.look)

    @contextmanager
    def upstream(self, *, log: Path, **options: object) -> Iterator[FakeModelServer]:
        """A model server that writes a line to its log."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("model server started\n")
        self.models.append(FakeModelServer(self, options))
        yield self.models[-1]

    @contextmanager
    def running(self, target: Target, *, log: Path, settings: Mapping[str, str], **_: object) -> Iterator[FakeServer]:
        """A server that writes a line to its log."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{target.name} started\n")
        self.settings.append(settings)
        self.started.append(target.name)
        self.up += 1
        try:
            yield FakeServer()
        finally:
            self.up -= 1

    def look(self, _url: str, _key: str, _settings: Mapping[str, str]) -> Precheck:
        """What the test says was found."""
        return Precheck(ttft=0.0, gap=0.0, documented=None, problems=self.problems)

    def drive(self, spec: DriveSpec) -> DriveResult:
        """A made-up result, or what is to happen at this drive."""
        assert self.up == 1, "a load without its server"
        self.drives += 1
        if self.drives in self.happens:
            raise self.happens[self.drives]
        self.specs.append(spec)
        level = Level(users=spec.users, rate=spec.rate, seconds=spec.seconds, warmup=spec.warmup)
        return made_up.result(spec.scenario, level, self.rate(spec), received=self.received)

    def rate(self, spec: DriveSpec) -> float:
        """Answers a second: a little different from drive to drive, or of an open loop as many as were sent."""
        return spec.rate or 500.0 + self.drives % 3

    def search(self, planned: PlannedKnee, target: Target, place: Place, _bench: Bench) -> KneeSearch:
        """A search that finds nothing and says so."""
        self.searched.append((planned.scenario, target.name, place.deadline))
        facts = planned.model_dump(include={"scenario", "unit", "slo"})
        return KneeSearch(target=target.name, probes=(), ended="the time was over", **facts)

    def parts(self, *failing: str, why: str = "") -> Parts:
        """Everything compare needs; `failing` targets do not pass the suite, which ran now if there is a `why`."""

        def verify(targets: Sequence[Target], _console: Console) -> Mapping[str, VerifyOutcome]:
            found = {t.name: Count(identical=8, known=1, wrong=int(t.name in failing)) for t in targets}
            page = Path("page/index.html")
            return {name: VerifyOutcome(name, count, page, PASSED, "f" * 64, why) for name, count in found.items()}

        return Parts(
            verify, self.bench, lambda _console: CEILING, self.search, self.say_the_same, self.prove, lambda *_: None
        )

    def prove(self, _targets: Sequence[Target], floors: Sequence[Target], scenarios: Iterable[str], *_: object) -> bool:
        """Whether the test wants the floors to say what their twins say."""
        self.proved.append((tuple(floor.name for floor in floors), tuple(scenarios)))
        return self.floors_true

    def say_the_same(self, _targets: Sequence[Target], scenarios: Iterable[str], *_: object) -> bool:
        """Whether the test wants it so."""
        self.asked_same.append(tuple(scenarios))
        return self.same
