"""docs/resilience/drain.md, from the measured value alone.

Rule: no number is typed by hand, and what a server keeps from the application stands beside the table that shows it.
Neighbours: `measure` (makes the value), `measured` (who there is), `judge` (what it forgives).
"""

from collections.abc import Iterator, Mapping, Sequence

from tests.resilience.drain import judge
from tests.resilience.drain.client import OUTCOMES
from tests.resilience.drain.measured import GROUPS, DrainMeasured, Killed, Stopped
from tests.resilience.tables import table

HEAD = """\
# Stopping, and losing a worker

Each of the servers below, with one worker and with four, is filled with streams and turns of which half can finish
within `DRAIN_SECONDS` and half cannot; then it is told to stop, and new work keeps coming until nobody is there.
Promised for SIGTERM: what can finish does, and is stored; the other streams get the `error` event in the words of
the 503, the other turns the 503, and neither is stored; who waits for a place and who comes late gets the 503, or a
refused connection; no answer looks whole that is not; and the last process has gone 2 s after the grace. What was
stored is asked of a server that is started again on the same store.

In the tables: *end*, *error event*: how a stream ended; *200*, *503*: what a turn was answered; *refused*: nobody
listens any more; *reset*: the connection was reset with no answer; *cut*: it broke off in the middle, and the
framing says so. An answer whose framing says that it is whole, and that has no last event, would be *clean without
an end*: a lie.
"""
NOTES: Mapping[str, str] = {
    "SIGTERM": """\
With one worker uvicorn ends itself by SIGTERM once it has drained (-15, 143 in a shell), which systemd, Docker and
Kubernetes take for the clean stop that it is; all others exit with 0. *Reset at the end*: the socket that listens
is the server's. What the kernel has accepted for it, and nobody has read when the last holder closes, is reset: no
application hears of it. uvicorn's parent process holds the socket a moment longer than its last worker. flask-sync
has one place for each worker: who is behind waits in the kernel's queue until the stream in hand has ended, and is
told 503 then.
""",
    "SIGTERM, and again 0.5 s later": "The second signal changes nothing.\n",
    "SIGTERM, all workers idle but one": """\
An idle worker leaves early, but not while requests come in: they are told 503 where a worker that closes would
reset them.
""",
    "Ctrl-C": """\
SIGINT to every process, as a terminal sends it. The contract promises nothing here, and the kit leaves the signal
to the servers: uvicorn closes its port and waits for what is open as long as `--timeout-graceful-shutdown` says
(with workers, its parent sends them SIGTERM, and they drain), gunicorn stops at once, save for threads, which end
their work. What is broken off can be seen to be: no answer looks whole that is not. `parity serve` passes Ctrl-C on
as SIGTERM.
""",
}
KILLED = """\
## kill -9 of one worker

16 clients send turns and streams, one after the other, while a worker is killed that has some in hand. What it had
in hand breaks, and can be seen to; nobody else notices. gunicorn's parent hears of it at once; uvicorn's looks every
half second, and waits as long as `--timeout-worker-healthcheck` says (10 s) for a worker that it had just asked for
a sign of life.
"""
LAST = """\
## What cannot be had

- `gunicorn --preload` builds the app before there are workers, and gives these signal handlers of their own: there
  is no drain. Each worker warns in the log when it starts.
- A second Ctrl-C, SIGQUIT and SIGKILL end a server at once, as they are meant to.

`python -m tests.resilience drain --store` measures all of it again; a short version is in `make test`.
"""


def page(measured: DrainMeasured) -> str:
    """The page."""
    return "\n".join(_parts(measured))


def _parts(measured: DrainMeasured) -> Iterator[str]:
    yield HEAD
    count = sum(sum(group.values()) for one in measured.stopped for group in one.outcomes.values())
    yield (
        f"**{len(measured.stopped)} stops, {len(measured.killed)} killed workers, {count:,} clients that saw a stop, "
        f"{len(measured.broken)} promises broken.** {measured.machine}; {measured.taken:%Y-%m-%d %H:%M} UTC.\n"
    )
    yield "".join(f"- BROKEN: {sentence}\n" for sentence in measured.broken)
    for name in dict.fromkeys(one.stop for one in measured.stopped):
        stops = [one for one in measured.stopped if one.stop == name]
        groups = [group for group in GROUPS if any(one.outcomes[group] for one in stops)]
        yield f"## {name}\n"
        if name in NOTES:
            yield NOTES[name]
        yield table(("", *groups, "gone, s", "exit code"), (_stop(one, groups) for one in stops))
        yield _promised(stops[0].limit) * (name != "Ctrl-C")
    yield KILLED
    yield table(("", "its own turns", "all others", "replaced after, s"), map(_kill, measured.killed))
    yield LAST


def _promised(limit: float) -> str:
    return (
        f"Promised: gone within {limit:g} s of the signal; counted as broken {judge.SLACK:g} s after that, for a busy "
        "machine.\n"
    )


def _stop(one: Stopped, groups: Sequence[str]) -> Sequence[str]:
    gone = "never" if one.gone is None else f"{one.gone:.1f}"
    return f"`{one.target}`", *(_counts(one.outcomes[group]) for group in groups), gone, f"{one.code}"


def _kill(one: Killed) -> Sequence[str]:
    return f"`{one.target}`", _counts(one.hit), _counts(one.spared), f"{one.replaced:.1f}"


def _counts(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{outcomes[name]} {name}" for name in OUTCOMES if outcomes.get(name)) or "-"
