"""docs/resilience/faults.md, from the measured value alone.

Rule: no number is typed by hand. Neighbours: `measure` (makes the value), `promises` (what a fault is, and its limit).
"""

from collections.abc import Iterator, Sequence

from tests.resilience.faults.measure import Faced, Faults
from tests.resilience.faults.play import CHAT, ROUTES, STREAM, Played
from tests.resilience.faults.promises import PROMISES, SETTINGS, SLACK
from tests.resilience.held import HOW, KINDS
from tests.resilience.tables import table

HEAD = """\
# When the model fails

Each server stands in front of an upstream that fails on demand (`parity upstream`), with every fault on both routes.
Promised: the status of the table below, or in a stream the `error` event with the same words, within the limit; nothing
that the upstream said and no key in the answer or in the log; the turn is not stored; the log says how it ended; the
next message in the same session is answered; pings go out while the model is silent; and nothing stays open.
"""
TITLES = {CHAT: "POST /chat", STREAM: "POST /chat/stream"}
READ = {
    CHAT: "Status and seconds.\n",
    STREAM: "Seconds, and 200 for a stream that ended whole, else the status whose title the `error` event had.\n",
}
COUNTED = """\
All faults on both routes are played, twelve at a time (on `flask-sync`, which has one slot, in turn), after a warm-up
that fills every pool.
"""
AGAIN = """\
`python -m tests.resilience faults --store` plays all of it again; a short version (three targets) is in `make test`.
"""


def page(measured: Faults) -> str:
    """The page."""
    return "\n".join(_parts(measured))


def _parts(measured: Faults) -> Iterator[str]:
    names = [f"`{one.target}`" for one in measured.targets]
    count = sum(len(one.played) for one in measured.targets)
    yield HEAD
    yield (
        f"**{count} faults played, {len(measured.broken)} promises broken.** "
        f"{measured.machine}; {measured.taken:%Y-%m-%d %H:%M} UTC.\n"
    )
    yield from (f"- BROKEN: {sentence}" for sentence in measured.broken)
    yield "## What is promised\n"
    yield table(("fault", "the upstream …", "answer", "limit, s"), map(_promised, PROMISES))
    yield f"A limit is what the settings allow ({_settings()}) and {SLACK:g} s for a busy machine.\n"
    for route in ROUTES:
        yield f"## {TITLES[route]}\n"
        yield READ[route]
        yield table(("fault", *names), (_row(measured.targets, fault, route) for fault in PROMISES))
    yield "## What stays open\n"
    yield COUNTED + HOW
    yield table(("", *names), (_held(measured.targets, kind) for kind in KINDS))
    yield "Before and after.\n"
    yield AGAIN


def _promised(fault: str) -> Sequence[str]:
    promise = PROMISES[fault]
    answer = f"{promise.answer.status} {promise.answer.title}" if promise.answer else "the whole reply"
    return f"`{fault}`", promise.does, answer, f"{promise.shape.within + SLACK:g}"


def _settings() -> str:
    return ", ".join(f"`{name}={value}`" for name, value in SETTINGS.items())


def _row(targets: Sequence[Faced], fault: str, route: str) -> Sequence[str]:
    return f"`{fault}`", *(_cell(one.played, fault, route) for one in targets)


def _cell(played: Sequence[Played], fault: str, route: str) -> str:
    found = next((one for one in played if (one.fault, one.route) == (fault, route)), None)
    if found is None:
        return "not played"
    return f"{found.status} in {found.seconds:.2f}" + " **BROKEN**" * bool(found.broken)


def _held(targets: Sequence[Faced], kind: str) -> Sequence[str]:
    return KINDS[kind], *(f"{getattr(one.before, kind)} → {getattr(one.after, kind)}" for one in targets)
