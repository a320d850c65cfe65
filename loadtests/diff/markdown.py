"""A diff, and the conditions of any command, as Markdown for a pull request or a CI job's summary.

Rule: plain GitHub-flavoured Markdown; the primary figures stand open, all others folded. Neighbours: show is the same
in the terminal; words has the sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from loadtests.analyse import units
from loadtests.diff import words
from loadtests.diff.model import Basis, Change, Diff, Judged, Line


def page(found: Diff) -> str:
    """The whole text, ending in one newline."""
    parts = (
        f"# {found.b.name} against {found.a.name}",
        f"**{words.opening(found)}**",
        conditions(found.conditions),
        f"> {found.why_by}",
        _differences(found),
        _table(found, [line for line in found.lines if line.primary]),
        _folded("All figures", _table(found, found.lines)),
        "\n".join(f"- {text}" for text in found.left_out),
        "A and B are medians over rounds; in brackets a 95% interval. A verdict is corrected for the number of figures "
        f"(Holm). A: {found.a.rounds} rounds, {found.a.started}; B: {found.b.rounds} rounds, {found.b.started}.",
    )
    return "\n\n".join(filter(None, parts)) + "\n"


def conditions(judged: Iterable[Judged]) -> str:
    """A table of what came of the conditions; nothing where none was asked."""
    rows = [(f"`{item.condition}`", f"**{words.SIGNS[item.state]}**", _decided(item)) for item in judged]
    return _laid(("condition", "", "because"), rows) if rows else ""


def _decided(item: Judged) -> str:
    return "<br>".join(f"{finding.place}: {finding.text}" for finding in words.decisive(item))


def _differences(found: Diff) -> str:
    rows = [(item.kind, item.what, item.a, item.b) for item in found.differences]
    if not rows:
        return "The recorded facts of machine, software and set-up are the same in both."
    return f"What differs around the figures:\n\n{_laid(('kind', 'what', 'A', 'B'), rows)}"


def _table(found: Diff, lines: Sequence[Line]) -> str:
    first, second = words.manners(found.by)
    head = ("figure", "target", "A", "B", f"{words.NAMES[first]} (95%)", "verdict", words.NAMES[second])
    return _laid(head, [_row(line, first, second) for line in lines]) if lines else ""


def _row(line: Line, first: Basis, second: Basis) -> tuple[str, ...]:
    change, why = words.change_of(line, first)
    beside, _ = words.change_of(line, second)
    return (
        f"{line.scenario}: {words.figure(line)}",
        line.target,
        words.median(line, line.a),
        words.median(line, line.b),
        _change(change),
        words.said(line, change) if change else why,
        _change(beside),
    )


def _change(change: Change | None) -> str:
    return f"{words.ratio(change)} ({words.span(change)})" if change else units.DASH


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>" if text else ""


def _laid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell would end it."""

    def told() -> Iterator[str]:
        yield f"| {' | '.join(head)} |"
        yield "|" + "---|" * len(head)
        for row in rows:
            yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"

    return "\n".join(told())
