"""Where the README's numbers come from: each phrase with a number in it, and the stored file that must say the same.

Rule: a phrase that stands in the README is found by its pattern and held to the file; a phrase that is gone is an error
that says which row to mend, so that no number is left without its file. Neighbours: `test_quoted` (reads the rows),
`test_result` (the quoted tables, word for word).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadtests.analyse.units import TIMES
from loadtests.measure import handwork
from loadtests.measure.handwork import Handwork
from tests.known_differences.table import DIFFERENCES
from tests.links import ROOT
from tests.readme.document import README
from tests.resilience.drain.measured import LONG, SHORT

RESULTS: Final = ROOT / "docs" / "results"
WORDS: Final = dict(
    zip(
        (
            *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
            *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
        ),
        range(1, 21),
        strict=True,
    )
) | {"a thousand": 1_000, "half an hour": 30, "an hour": 60}
NUMBER: Final = rf"(\d[\d,]*|{'|'.join(WORDS)})"
RUN: Final = re.compile(r"docs/results/(\d{8}T\d{6}Z-\w+)")
FIGURE: Final = re.compile(rf"\d[\d.,]*{TIMES}|\d[\d.,]* to \d[\d.,]*\d|\d[\d,]* streams")
LINES: Final = re.compile(r"\*\*([\w ]+)\*\*: [^|]*\|[^|]*Lines by hand: FastAPI (\d+), Flask (\d+)\.")
ROWS: Final = {
    "Type validation": "validation",
    "API documentation": "documentation",
    "Streaming responses": "streaming",
}
"""What a row of the quoted table is about -> the feature whose lines it counts."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the README: how its phrase reads, what is stored, the share it is rounded by, if it must be there."""

    name: str
    pattern: str
    stored: Callable[[], float]
    rounded: float = 0.0
    needed: bool = True

    def wrong(self, text: str) -> Iterator[str]:
        """Every phrase in this text that says another number, or that there is none."""
        found = re.findall(self.pattern.replace("NUMBER", NUMBER), text, flags=re.IGNORECASE)
        if not found and self.needed:
            yield f"{self.name}: nothing reads {self.pattern!r}; mend its row in tests/readme/quoted.py"
        for said in found:
            stored = self.stored()
            if abs(number(said) - stored) > self.rounded * stored:
                yield f"{self.name}: the README says {said}, stored is {stored:,.0f}"


def number(said: str) -> int:
    """Of digits, or of one of `WORDS`."""
    return WORDS.get(said.lower()) or int(said.replace(",", ""))


def stale(run: Path) -> Iterator[str]:
    """Every feature whose lines by hand this stored run counted otherwise than the source of today has them."""
    stored = json.loads((run / "handwork.json").read_text("utf-8"))["features"]
    then = {(one.feature, one.twin): one for one in map(Handwork.model_validate, stored)}
    now = {(one.feature, one.twin): one for one in handwork.count()}
    for feature, twin in sorted(then.keys() | now.keys()):
        was, is_ = (_said(side.get((feature, twin))) for side in (then, now))
        if was != is_:
            yield f"{feature}, {twin}: {was} in {run.name}, {is_} in the source; make that run again, and quote it"


def misquoted(text: str) -> Iterator[str]:
    """Every row of the README's table whose lines by hand are not those of the source of today."""
    quoted = {row: {"fastapi": int(fastapi), "flask": int(flask)} for row, fastapi, flask in LINES.findall(text)}
    for row, feature in ROWS.items():
        now = dict(handwork.lines_of(handwork.count(), feature))
        if quoted.get(row) != now:
            yield f"{row}: the README says {quoted.get(row)}, the source has {now}"


def _said(work: Handwork | None) -> str:
    return f"{work.lines} lines with {' and '.join(work.packages) or 'no package'}" if work else "nothing"


def unfound(text: str) -> Iterator[str]:
    """Every ratio, interval and number of streams in a paragraph about a stored run that its summary does not have."""
    for paragraph in text.split("\n\n"):
        for run in [] if paragraph.startswith(("|", ">")) else sorted(set(RUN.findall(paragraph))):
            summary = (RESULTS / run / "summary.md").read_text("utf-8")
            for figure in FIGURE.findall(paragraph):
                if figure not in summary:
                    yield f"{figure!r} is not in the summary of {run}, which the paragraph of it links"


def _stored(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def _relied(kind: str) -> Sequence[Mapping[str, Any]]:
    """What the suite said of each target of the linked run of this kind, the baseline first."""
    (run,) = {found for found in RUN.findall(README.read_text("utf-8")) if found.endswith(f"-{kind}")}
    relied: Sequence[Mapping[str, Any]] = _stored(f"{run}/gate")["relied"]
    return relied


def _cases() -> tuple[float, float]:
    """Cases of a server alone, and of a pair: the baseline's count has all pairs in it, that of each other one."""
    baseline, *others = (
        sum(one[grade] for grade in ("identical", "known", "not_applicable")) for one in _relied("full")
    )
    pair = (baseline - others[0]) / (len(others) - 1)
    return others[0] - pair, pair


def _streams_stopped() -> float:
    outcomes = _stored("resilience/drain")["stopped"][0]["outcomes"]
    return sum(sum(outcomes[group].values()) for group in (SHORT, LONG))


def _idle(target: str) -> float:
    (reached,) = (
        row["reached"]
        for row in _stored("resilience/limits")["rows"]
        if (row["attack"], row["target"]) == ("silent", target)
    )
    return float(reached)


NUMBERS: Final = (
    Number("deployments", r"run of all NUMBER\b", lambda: len(_relied("matrix"))),
    Number("cases of a server", r"about NUMBER cases on each server", lambda: _cases()[0], 0.05),
    Number("cases of a pair", r"(?:about|almost) NUMBER (?:more )?on each pair", lambda: _cases()[1], 0.05),
    Number(
        "faults of the model",
        r"NUMBER of them, on both routes",
        lambda: len({one["fault"] for target in _stored("resilience/faults")["targets"] for one in target["played"]}),
    ),
    Number("streams at SIGTERM", r"SIGTERM under NUMBER streams", _streams_stopped),
    Number("idle connections, FastAPI", r"one FastAPI process holds NUMBER", lambda: _idle("fastapi-uvicorn")),
    Number("idle connections, gthread", r"one Flask worker takes NUMBER", lambda: _idle("flask-gthread")),
    Number("idle connections, gevent", r"one Flask worker takes NUMBER", lambda: _idle("flask-gevent")),
    Number(
        "minutes of everything",
        r"\[NUMBER\]\(docs/resilience/soak.md\)",
        lambda: min(one["seconds"] for one in _stored("resilience/soak")["soaks"]) / 60,
    ),
    Number("known differences", r"NUMBER known differences", lambda: len(DIFFERENCES), needed=False),
)
