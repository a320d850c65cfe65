"""The ways to be faster that were not taken, for the page: not_taken.toml has them, with what each would save.

Rule: each has why it was left, and its figure, which no stored run holds; the page says that. Neighbours: `page` puts
them at its end.
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.resilience.part import Frozen

FILE = Path(__file__).with_name("not_taken.toml")


class Way(Frozen):
    """One way: the twin it is of ("both" for the agent), what, what it would save, and why it was left."""

    twin: str
    what: str
    saves: str
    why: str


def ways() -> tuple[Way, ...]:
    """All of them, in the file's order."""
    return tuple(map(Way.model_validate, tomllib.loads(FILE.read_text("utf-8")).get("way", ())))


def lines() -> Iterator[str]:
    """The section of the page."""
    found = ways()
    if not found:
        return
    yield "## Faster, and not taken\n"
    yield (
        "Each of these makes a twin faster and less like what its framework's users would write. **No stored run holds "
        "what they would save:** these are notes of the day on which each was tried, CPU time of a request in process, "
        "without a server, interleaved with the twin as it then was (how: "
        "[decision 17](decisions/0017-where-the-time-goes.md), [decision 18](decisions/0018-flask-near-its-floor.md)). "
        "They are good to tell 24 us from 3, and no better.\n"
    )
    yield words(("of", "what", "would save", "why not"), [(w.twin, w.what, w.saves, w.why) for w in found])


def words(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of words, every column left."""
    lines = (heads, [":--"] * len(heads), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
