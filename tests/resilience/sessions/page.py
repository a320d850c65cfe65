"""docs/resilience/sessions.md, from the measured value alone.

Rule: no number is typed by hand. Neighbours: `measured` (what there is), `breaks` (what happens to a store).
"""

from collections.abc import Iterator, Sequence

from tests.resilience.sessions.breaks import BREAKS
from tests.resilience.sessions.measured import HELD, Cost, Faced, Killed, Lag, SessionsMeasured, Together
from tests.resilience.tables import table

HEAD = """\
# When the session store fails

Promised: a turn that a client has seen completed (200, or `end`) is stored, whole, once, and survives `kill -9` of
any worker; turns at the same time are all kept, each pair together. A store that is out of reach is a 503 with
`Retry-After` (in a stream: the `error` event with the same words) within seconds, `/health` goes on answering, and
turns are taken again without a restart once the trouble is over.
"""
CURE = """\
## What an operator does

**Locked, full, read-only, out of reach:** take the cause away; nothing else. The servers notice at the next turn.

**Corrupt (SQLite).** Every 503 goes on until the file is another one. Put a backup in its place, or an empty file,
while the servers run:

    mv backup.sqlite3 sessions.sqlite3          # or: rm sessions.sqlite3

`mv`, not `cp`: the file must be another one, not other bytes in the same one. Leave the files that end in `-wal`,
`-shm` and `-opened` to the servers. At each turn, once they hold the lock, the servers compare what is at the path with
what they have open, so no turn goes where nobody can read it: a file that was replaced is opened anew, and the log of
the one before is not mixed into it, since `-opened` says whose log it is. A worker that begins while the file is
corrupt begins all the same, and refuses turns like the others. If only the log was removed, a worker that still has
it brings its turns into the file first. A damaged byte inside of a text that is still UTF-8 is not noticed: SQLite
keeps no checksums of a database's pages. Make a backup with `sqlite3 sessions.sqlite3 ".backup backup.sqlite3"`,
not by `cp`.

**A 503 may have been stored.** When Redis, or a disk, does not answer in time, nobody can know whether it has
stored the turn; it is not sent a second time, and the client is told 503. A turn told completed is always there;
see "stored, though not seen" above.

**Redis must have a disk.** A Redis without an append-only file (`appendonly yes`) forgets all sessions when it
ends.
"""
LAG = """\
32 clients, each turn with a history of 100 long messages, and an eye on `/health`, each in a process of its own.
*Late*: how late a task that sleeps 2 ms on the loop woke up. *Step*: the longest single step of the loop, by the
clock and by what its thread had of a core, which no other process can lengthen, without the collections of Python's
garbage, whose longest is beside it. The memory store, which waits for nothing, shows what the rest of the app and
the machine do by themselves; a store may add {held:g} ms to its longest step. Milliseconds; on asyncio's own loop,
since uvloop lets nobody see its steps.
"""
AGAIN = """\
`python -m tests.resilience sessions --store` plays all of it again; a short version is in `make test`.
"""
CANNOT = """\
- `flask-sync` has one request in hand at a time: while it waits for a store, `/health` waits too. That is
  gunicorn's sync worker, not the store: where a store can stall, use another.
- A single `fastapi-uvicorn` process that is killed is started again by nobody; with `--workers` uvicorn does, and
  gunicorn always.
- A write-ahead log that is removed by hand at the moment in which a worker starts: the newcomer makes another before
  one that still has the old has saved it, and its turns can be lost. Leave the log alone.
- SQLite on gevent: a disk that stalls (not a lock) stalls the worker, since greenlets cannot wait for a disk. On
  the other deployments it stalls threads; FastAPI's turns are refused after 5 s.
"""
KILLS = ("target", "store", "killed", "turns", "completed", "broken off", "refused", "stored, though not seen", "s")
FACES = ("target", "break", "completed", "refused", "slowest refusal, s", "slowest `/health`, ms", "back, ms")
LAGS = (
    *("store", "meanwhile", "turns", "refused", "late p50", "p99", "max"),
    *("longest step", "of a core", "collection", "`/health`", "p50", "p99", "max"),
)


def page(measured: SessionsMeasured) -> str:
    """The page."""
    return "\n".join(_parts(measured))


def _parts(measured: SessionsMeasured) -> Iterator[str]:
    yield HEAD
    yield (
        f"**{len(measured.faced)} breaks, {sum(each.kills for each in measured.killed)} workers killed, "
        f"{len(measured.broken)} promises broken.** {measured.machine}; {measured.taken:%Y-%m-%d %H:%M} UTC.\n"
    )
    yield from (f"- BROKEN: {sentence}\n" for sentence in measured.broken)
    yield from (f"- This machine could not: {reason}\n" for reason in measured.unable)
    yield "## Turns of one session at the same time\n"
    yield table(("target", "store", "turns", "completed", "stored", "s"), map(_together, measured.together))
    yield "## Workers killed in the middle\n"
    yield "`kill -9` of one worker after the other, at random moments, while clients take turns on eight sessions.\n"
    yield table(KILLS, map(_killed, measured.killed))
    yield "## Stores that break\n"
    yield table(("break", "store", "what happens"), ((f"`{each.name}`", each.store, each.happens) for each in BREAKS))
    yield "Turns of six clients meanwhile; *back*: from the cure to the next completed turn.\n"
    yield table(FACES, map(_faced, measured.faced))
    yield CURE
    yield "## The event loop\n"
    yield LAG.format(held=HELD)
    yield table(LAGS, map(_lag, measured.lags))
    yield "## What a turn costs as a session grows\n"
    yield "The store alone, in microseconds: the last 100 messages read, a turn added, by the session's length.\n"
    yield table(("store", "messages", "read", "add"), map(_cost, measured.costs))
    yield "## What cannot be had\n"
    yield CANNOT
    yield AGAIN


def _together(each: Together) -> Sequence[str]:
    counts = (each.turns, each.completed, each.stored)
    return f"`{each.target}`", each.store, *map(str, counts), f"{each.seconds:.1f}"


def _killed(each: Killed) -> Sequence[str]:
    counts = (each.kills, each.turns, each.completed, each.broken_off, each.refused, each.unseen)
    return f"`{each.target}`", each.store, *map(str, counts), f"{each.seconds:.0f}"


def _faced(each: Faced) -> Sequence[str]:
    return (
        f"`{each.target}`",
        f"`{each.name}`" + " **BROKEN**" * bool(each.broken),
        str(each.completed),
        str(each.refused),
        f"{each.slowest_refusal:.2f}" if each.refused else "",
        f"{1000 * each.slowest_health:.0f}",
        f"{1000 * each.back:.0f}",
    )


def _lag(each: Lag) -> Sequence[str]:
    inside = (each.late_p50, each.late_p99, each.late_max, each.step_wall, each.step_cpu, each.collection)
    outside = (each.health_p50, each.health_p99, each.health_max)
    return (
        each.store,
        each.condition,
        str(each.completed),
        str(each.refused),
        *(f"{value:.1f}" for value in inside),
        str(each.health),
        *(f"{value:.1f}" for value in outside),
    )


def _cost(each: Cost) -> Sequence[str]:
    return each.store, str(each.messages), f"{each.read:.0f}", f"{each.append:.0f}"
