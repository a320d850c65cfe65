"""docs/resilience/cancellation.md, from the measured value alone.

Rule: no number is typed by hand. Neighbours: `measure` (makes the value), `situations` (the table, and what WSGI
cannot know).
"""

from collections.abc import Iterator, Sequence
from statistics import median

from tests.resilience.cancellation.measure import CLIENTS, Cancellation, Deserted
from tests.resilience.cancellation.situations import ITL, SETTINGS, SITUATIONS, SLACK, WSGI, knowable
from tests.resilience.held import HOW, KINDS
from tests.resilience.tables import table

HEAD = """\
# When the client leaves

Promised: the model's call is cancelled within a second while tokens flow, and within two heartbeats in silence; the
turn is not stored, the log says that the client went, and nothing stays open. What is measured is the time from the
moment at which the client closes its socket to the one at which the upstream, another process, learns it.
"""
CANNOT = """\
What is promised nobody there: seconds that the upstream went on after the client had left, the tokens that it sent in
vain (median of all clients) and how its call ended.
"""
AGAIN = """\
`python -m tests.resilience cancellation --store` plays all of it again; a short version (three targets) is in
`make test`. What a fault of the model leaves open is on [its own page](faults.md).
"""


def page(measured: Cancellation) -> str:
    """The page."""
    return "\n".join(_parts(measured))


def _parts(measured: Cancellation) -> Iterator[str]:
    names = [f"`{one.target}`" for one in measured.targets]
    clients = sum(len(left.left) for one in measured.targets for left in one.situated)
    yield HEAD
    yield (
        f"**{clients} clients left, {len(measured.broken)} promises broken.** "
        f"{measured.machine}; {measured.taken:%Y-%m-%d %H:%M} UTC.\n"
    )
    yield from (f"- BROKEN: {sentence}" for sentence in measured.broken)
    yield f"## How soon the upstream knows\n\nSeconds, median and worst of {CLIENTS} clients who leave at once.\n"
    yield table(("a client leaves", "promised", *names), (_row(measured.targets, name) for name in SITUATIONS))
    yield (
        f"Settings: {', '.join(f'`{name}={value}`' for name, value in SETTINGS.items())}; the upstream sends a token "
        f"every {ITL * 1000:g} ms. A promise counts as broken {SLACK:g} s after its time, for a busy machine. In the "
        "pause before a retry no call is open at the upstream: there it is the time to the line in the server's log.\n"
    )
    yield "## What a framework cannot know\n"
    yield WSGI
    yield CANNOT
    deaf = [one for one in measured.targets if not all(knowable(one.framework, each) for each in SITUATIONS.values())]
    yield table(("target", "situation", "seconds", "tokens", "its call"), (row for one in deaf for row in _deaf(one)))
    yield "## What stays open\n"
    yield HOW
    yield table(("", *names), (_held(measured.targets, kind) for kind in KINDS))
    yield "Before and after.\n"
    yield AGAIN


def _row(targets: Sequence[Deserted], name: str) -> Sequence[str]:
    situation = SITUATIONS[name]
    return situation.title, f"{situation.within:g} s", *(_cell(one, name) for one in targets)


def _cell(target: Deserted, name: str) -> str:
    if not knowable(target.framework, SITUATIONS[name]):
        return "cannot know"
    seconds = [one.seconds for each in target.situated if each.situation == name for one in each.left]
    return f"{median(seconds):.2f}, {max(seconds):.2f}" if seconds else "**BROKEN**"


def _deaf(target: Deserted) -> Iterator[Sequence[str]]:
    for each in target.situated:
        situation = SITUATIONS[each.situation]
        if each.left and not knowable(target.framework, situation):
            seconds, tokens = median(one.seconds for one in each.left), median(one.tokens for one in each.left)
            endings = ", ".join(sorted({f"{one.call}, answered {one.outcome}" for one in each.left}))
            yield f"`{target.target}`", situation.title, f"{seconds:.1f}", f"{tokens:g}", endings


def _held(targets: Sequence[Deserted], kind: str) -> Sequence[str]:
    return KINDS[kind], *(f"{getattr(one.before, kind)} → {getattr(one.after, kind)}" for one in targets)
