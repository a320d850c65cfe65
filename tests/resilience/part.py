"""What every part of the resilience measurements has in common, so that one command plays and stores all of them.

Rule: a part is a package with a `PART`; it measures into a frozen value that says for itself which promises were
broken, and makes its page from that value alone, so a page can be made again from the stored file. Neighbours:
`__main__` (the command), the packages beside this file (the parts).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from loadtests.measure import environment
from tests.links import ROOT

RESULTS = ROOT / "docs" / "results" / "resilience"
PAGES = ROOT / "docs" / "resilience"

Tell = Callable[[str], None]


class Frozen(BaseModel):
    """A value: made once, never changed, and nothing in its file that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Measured(Frozen):
    """What a part has measured: when, on what, and every promise that was broken, a sentence each."""

    taken: datetime
    machine: str
    broken: tuple[str, ...]


M = TypeVar("M", bound=Measured)


@dataclass(frozen=True)
class Part(Generic[M]):
    """One part: its name (also of its file and its page), what it is about, how long it takes, its work."""

    name: str
    title: str
    minutes: float
    kind: type[M]
    measure: Callable[[Tell], M]
    page: Callable[[M], str]
    drawn: Callable[[M], Mapping[str, str]] = lambda _: {}
    """Plots: the names of files beside the stored one, and what is in them."""

    @property
    def stored(self) -> Path:
        """The JSON file of its last stored measurement."""
        return RESULTS / f"{self.name}.json"

    @property
    def written(self) -> Path:
        """The page made of it."""
        return PAGES / f"{self.name}.md"

    def load(self) -> M:
        """The stored measurement; raises `OSError` or pydantic's `ValidationError`."""
        return self.kind.model_validate_json(self.stored.read_bytes())

    def store(self, measured: M) -> None:
        """Write the file, the page and the plots."""
        plots = {RESULTS / name: text for name, text in self.drawn(measured).items()}
        stored = {self.stored: measured.model_dump_json(indent=1) + "\n", self.written: self.page(measured)}
        for path, text in (stored | plots).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


def now() -> datetime:
    """The time for `Measured.taken`."""
    return datetime.now(UTC).replace(microsecond=0)


def machine() -> str:
    """On what, in a line: never the host's name."""
    taken = environment.take(now())
    return f"{taken.cpu}, {taken.cores} cores, {taken.kernel}, {taken.python}, commit {taken.commit[:12]}"
