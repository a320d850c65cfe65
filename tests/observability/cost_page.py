"""The page of what metrics and traces cost, from the stored measurement alone.

Neighbours: `cost` (measures), `__main__` (the command).
"""

from tests.links import ROOT
from tests.observability.cost import Cost, Measured, Row

STORED = ROOT / "docs" / "results" / "observability.json"
WRITTEN = ROOT / "docs" / "observability-cost.md"


def store(measured: Measured) -> None:
    """Write the file and the page."""
    STORED.write_text(measured.model_dump_json(indent=1) + "\n", "utf-8")
    WRITTEN.write_text(page(measured), "utf-8")


def page(measured: Measured) -> str:
    """The measurement as a page."""
    lines = [
        "# What metrics and traces cost",
        "",
        "CPU time of the server's processes, in microseconds, for a `GET /health` and for a whole stream of "
        f"{measured.events} events without pauses: the median of {measured.rounds} rounds, in brackets the least and "
        f"the most. In each round every server starts anew and gets {measured.requests} requests and "
        f"{measured.streams} streams on one connection. {measured.machine}; {measured.taken:%Y-%m-%d}.",
        "",
        "| target | set | request | added | stream | added |",
        "|---|---|---:|---:|---:|---:|",
        *(_line(row, _off(measured, row.target)) for row in measured.rows),
        "",
        "`off` is what everybody has who sets nothing. Made by `python -m tests.observability --store`"
        " (10 minutes; on a machine that does nothing else).",
    ]
    return "\n".join(lines) + "\n"


def _off(measured: Measured, target: str) -> Row:
    return next(row for row in measured.rows if (row.target, row.way) == (target, "off"))


def _line(row: Row, off: Row) -> str:
    cells = (
        f"{cost.median:,.0f} ({cost.least:,.0f} to {cost.most:,.0f}) | {_added(cost, base, row.way)}"
        for cost, base in ((row.request, off.request), (row.stream, off.stream))
    )
    return f"| {row.target} | {row.way} | {' | '.join(cells)} |"


def _added(cost: Cost, base: Cost, way: str) -> str:
    return "" if way == "off" else f"{cost.median - base.median:+,.0f}"
