"""What a run counts, and the frozen result that is stored of it.

Rule: only generated requests count, never the probe, a second look or the steps of shrinking. Neighbours: `run`.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.conformance.wire import Answer
from tests.fuzz.judge import refused
from tests.fuzz.pair import Checked

ANSWERS = ("2xx", "3xx", "4xx", "5xx", "refused", "none")
"""Classes of answers: by status where an app has answered; `refused` by the server program; `none`: no answer."""


@dataclass(frozen=True, slots=True)
class Find:
    """A difference that nothing explains, shrunk. `seed` and `kind` find it again; not `steady`: not every time."""

    kind: str
    seed: int
    parts: str
    row: str
    steady: bool = True


@dataclass(frozen=True, slots=True)
class KindCount:
    """Of one kind: examples, requests sent (to both servers together), and answers by class (of `ANSWERS`)."""

    name: str
    examples: int
    requests: int
    answers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Result:
    """A run. `versions`: of what took part; `ended`: "complete", "interrupted", "time" or "finds"."""

    targets: tuple[str, ...]
    seed: int
    seconds: float
    examples: int
    requests: int
    ended: str
    kinds: tuple[KindCount, ...]
    known: Mapping[str, int]
    finds: tuple[Find, ...]
    versions: Mapping[str, str] = field(default_factory=dict)

    def store(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Result":
        """Read what `store` wrote."""
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kinds = tuple(KindCount(**kind) for kind in told["kinds"])
        finds = tuple(Find(**find) for find in told["finds"])
        return cls(**told | {"targets": tuple(told["targets"]), "kinds": kinds, "finds": finds})


class Tally:
    """Counts while a run goes on."""

    def __init__(self) -> None:
        self.examples: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.answers: Counter[tuple[str, str]] = Counter()
        self.known: Counter[str] = Counter()
        self.finds: list[Find] = []

    @property
    def requests(self) -> int:
        """Requests sent so far, to both servers together."""
        return self.sent.total()

    def add(self, checked: Checked) -> None:
        """Count one example."""
        kind = checked.example.kind
        self.examples[kind] += 1
        self.sent[kind] += len(checked.outcomes) * len(checked.example.requests)
        for outcome in checked.outcomes:
            counted = [_class(answer) for answer in outcome.answers if answer.all("X-Request-ID") != ["probe"]]
            self.answers.update((kind, name) for name in counted or ["none"])
        if checked.known:
            self.known[checked.known] += 1

    def kinds(self) -> tuple[KindCount, ...]:
        """The counts of each kind, in the order of their first examples."""
        return tuple(
            KindCount(kind, self.examples[kind], self.sent[kind], {name: self.answers[kind, name] for name in ANSWERS})
            for kind in self.examples
        )


def _class(answer: Answer) -> str:
    return "refused" if refused(answer) else f"{answer.status // 100}xx"
