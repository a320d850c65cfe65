"""docs/resilience/limits.md, from the measured value alone.

Rule: every number comes from the measurement; what is written here by hand is what was promised and what a server
program offers, from its own documentation. Neighbours: `measured`, `judge` (the limits that the words name).
"""

from collections.abc import Iterable, Iterator

from tests.resilience.limits import judge, words
from tests.resilience.limits.attacks import ATTACKS, READERS
from tests.resilience.limits.measured import Ending, Flood, Footing, Health, Hold, Limits, Row, Streams


def page(measured: Limits) -> str:
    """The page."""
    parts = (
        words.HEAD,
        _told(measured),
        words.STREAMS,
        _table(words.STREAMS_COLUMNS, map(_streams, measured.streams)),
        *_attacks(measured),
        words.FLOODS,
        _table(words.FLOODS_COLUMNS, map(_flood, measured.floods)),
        words.UNBOUNDED,
        _table(words.FLOODS_COLUMNS, map(_flood, measured.unbounded)),
        words.HOLDS,
        _table(words.HOLDS_COLUMNS, map(_hold, measured.holds)),
        words.ENDINGS,
        _table(words.ENDINGS_COLUMNS, map(_ending, measured.endings)),
        words.FORGIVEN.format(exit=judge.EXIT, slack=judge.SLACK),
        words.CANNOT,
    )
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)


def _told(measured: Limits) -> str:
    broken = "".join(f"- {sentence}\n" for sentence in measured.broken)
    count = len(measured.broken) or "no"
    return (
        f"**{count} broken promise{'s' * (len(measured.broken) != 1)}.** {measured.machine}. "
        f"{measured.taken:%Y-%m-%d %H:%M} UTC, {measured.seconds:.0f} s.\n{broken}"
    )


def _attacks(measured: Limits) -> Iterator[str]:
    for attack in ATTACKS.values():
        rows = [row for row in measured.rows if row.attack == attack.name]
        yield f"## {attack.clients:,} clients that {attack.title}"
        yield words.OF.get(attack.name, "")
        yield _table(words.ROWS_COLUMNS, map(_row, rows))
        yield "".join(f"- {row.target}: {row.reached:,} were taken; {row.stopped}\n" for row in rows if row.stopped)
    yield f"Memory is judged by its slope over the last {READERS.hold / 2:g} s of the readers."


def _table(columns: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    head = (columns, ["---", *["---:"] * (len(columns) - 1)])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (*head, *rows))


def _row(row: Row) -> Iterator[str]:
    yield row.target
    yield f"{row.reached:,}"
    yield _health(row.quiet)
    yield _health(row.attacked)
    yield "none" if row.turn is None else f"{1000 * row.turn:.0f} ms"
    yield from (_steps(row, field) for field in ("rss_mib", "descriptors", "threads"))
    yield f"{row.slope:.2f}"
    yield f"{1024 * (row.during.rss_mib - row.before.rss_mib) / max(row.reached, 1):.1f}"
    yield "no" if row.recovered is None else f"{row.recovered:.2f} s"


def _steps(row: Row, field: str) -> str:
    steps: tuple[Footing, ...] = (row.before, row.during, row.after)
    return " → ".join(f"{getattr(step, field):,.0f}" for step in steps)


def _health(health: Health) -> str:
    if health.p50_ms is None:
        return f"none of {health.looks}"
    unanswered = f", {health.unanswered} of {health.looks} unanswered" * bool(health.unanswered)
    return f"{health.p50_ms:.1f}, {health.p99_ms:.1f}, {health.worst_ms:.1f}{unanswered}"


def _streams(streams: Streams) -> Iterator[str]:
    yield streams.target
    yield f"{streams.limit} for each of {streams.workers}"
    yield f"{streams.clients}"
    yield f"{streams.admitted}"
    yield f"{streams.refused}" + "".join(f", {other}" for other in streams.other)
    yield "none" if streams.turn is None else f"{1000 * streams.turn:.0f} ms"
    yield f"{streams.again} after {streams.again_after:.2f} s"


def _flood(flood: Flood) -> Iterator[str]:
    yield flood.target
    yield flood.flood
    yield f"{flood.sent_bytes / 1024:,.0f}"
    yield flood.answer
    yield f"{1000 * flood.seconds:.0f}"
    yield f"{max(0.0, flood.grown_mib):.1f}"
    yield "yes" if flood.healthy else "no"


def _hold(hold: Hold) -> Iterator[str]:
    yield hold.target
    yield ATTACKS[hold.kind].title
    yield f"open after {hold.watched:.0f} s" if hold.closed is None else f"{hold.closed:.0f} s"


def _ending(ending: Ending) -> Iterator[str]:
    yield ending.target
    yield f"{ending.readers}"
    yield f"{ending.grace:g} s"
    yield f"{ending.gone:.1f} s of {ending.grace + judge.EXIT:g} s"
