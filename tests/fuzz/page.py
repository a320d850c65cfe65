"""Writes docs/fuzz.md from the stored long runs, docs/results/fuzz*.json; a test holds the page to them.

Rule: no number is typed by hand. `python -m tests.fuzz.page` writes it. Neighbours: `tally` (what is stored), `kinds`.
"""

from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.kinds import KINDS
from tests.fuzz.tally import ANSWERS, Find, Result

DOCS = Path(__file__).resolve().parents[2] / "docs"
STORED = (DOCS / "results" / "fuzz.json", DOCS / "results" / "fuzz-gthread.json")
PAGE = DOCS / "fuzz.md"

HEAD = """\
# Differential fuzzing

The same generated and damaged requests go to two servers in the same state. Status, headers and bytes are compared, and
neither may answer 500, hang or die. `make fuzz` does it again; a small part of it, always the same, is in `make test`.
Written by `python -m tests.fuzz.page` from the stored runs.
"""
WORDS = {
    "complete": "It ran to its end.",
    "interrupted": "It was interrupted.",
    "time": "It ended because its time was over.",
    "finds": "It has found something.",
}


def page(results: Iterable[Result]) -> str:
    """The whole page, a section for each run."""
    return HEAD + "".join(f"\n## {' and '.join(result.targets)}\n\n{summary(result)}" for result in results)


def summary(result: Result) -> str:
    """A run in Markdown: the sum, the kinds, the known differences that were met, the finds."""
    return "\n".join([_sum(result), "", *_kinds(result), "", *_known(result), "", *_finds(result)]) + "\n"


def _sum(result: Result) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    rate = result.requests / result.seconds if result.seconds else 0
    return (
        f"**{' and '.join(result.targets)}: {result.requests:,} requests in {result.examples:,} examples, "
        f"{_counted(len(result.finds), 'find')}.** Seed {result.seed}, {result.seconds:,.0f} s, "
        f"{rate:,.0f} requests a second ({versions}). {WORDS[result.ended]}"
    )


def _kinds(result: Result) -> list[str]:
    does = {kind.name: kind.does for kind in KINDS}
    shown = [name for name in ANSWERS if any(kind.answers.get(name) for kind in result.kinds)]
    lines = [f"| kind | what | examples | requests | {' | '.join(shown)} |", f"|---|---|{'---:|' * (2 + len(shown))}"]
    for kind in result.kinds:
        counts = " | ".join(f"{kind.answers.get(name, 0):,}" for name in shown)
        lines.append(f"| {kind.name} | {does.get(kind.name, '')} | {kind.examples:,} | {kind.requests:,} | {counts} |")
    told = "Requests are counted at both servers together. `refused`: by the server program, before its app saw it; "
    return [
        *lines,
        "",
        told + "`none`: connections on which nothing was answered. Else the status of the app's answer.",
    ]


def _known(result: Result) -> list[str]:
    if not result.known:
        return ["No known difference was met."]
    met = sorted(result.known.items(), key=lambda item: (-item[1], item[0]))
    rows = [f"| {name} | {count:,} |" for name, count in met]
    head = "Known differences between the two server programs that were met (`tests/fuzz/known.py` says what each is):"
    return [head, "", "| class | examples |", "|---|---:|", *rows]


def _finds(result: Result) -> list[str]:
    if not result.finds:
        return ["Finds: none."]
    return ["Finds:", "", *(line for find in result.finds for line in _find(find))]


def _find(find: Find) -> list[str]:
    steady = "" if find.steady else " (not every time)"
    return [f"- {find.kind}, seed {find.seed}{steady}: {find.parts}", "", "```python", find.row, "```", ""]


def _counted(number: int, what: str) -> str:
    return f"no {what}s" if not number else f"{number} {what}{'s' * (number > 1)}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(map(Result.read, STORED)), encoding="utf-8")


if __name__ == "__main__":
    main()
