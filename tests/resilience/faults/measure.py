"""Plays every fault on both routes of one target, at once where it has the room, and counts what is left open.

Rule: what is held is compared from one pass to the next, after a warm-up that has filled every pool; something that is
left open again and again is a leak, what is left once is a pool (see `held`). Neighbours: `play` (one fault), `held`
(the counts), `page` (shows the value made here).
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests import upstream
from loadtests.serve import kept_port
from loadtests.targets import DEFAULT_TARGETS, Target, load_services
from tests.conformance.fixtures import started
from tests.conformance.subject import Subject
from tests.resilience.faults.play import ROUTES, Played, play
from tests.resilience.faults.promises import PROMISES, REFUSE, SECRET, SETTINGS
from tests.resilience.held import Counter, Held, fill, looked_into
from tests.resilience.part import Frozen, Measured, Tell, machine, now

PASSES = 3
AT_ONCE = 12  # requests: more of them and the machine, not the model, would be what is late
SPARE = 4  # more of them in the warm-up, as a thread that has just answered is not idle yet
ALL = [(fault, route) for fault, route in product(PROMISES, ROUTES) if fault != REFUSE]


class Faced(Frozen):
    """How one target came through: every fault on every route, what it held before and after, the promises it broke."""

    target: str
    played: tuple[Played, ...]
    before: Held
    after: Held
    broken: tuple[str, ...]


class Faults(Measured):
    """All targets."""

    targets: tuple[Faced, ...]


def measure(tell: Tell) -> Faults:
    """Every target that the kit knows."""
    return of(load_services().values(), tell)


def of(targets: Iterable[Target], tell: Tell) -> Faults:
    """These targets, one after the other."""
    faced = []
    for target in targets:
        faced.append(face(target))
        tell(f"{target.name}: {len(faced[-1].played)} faults played, {len(faced[-1].broken)} promises broken")
    broken = tuple(f"{one.target}: {sentence}" for one in faced for sentence in one.broken)
    return Faults(taken=now(), machine=machine(), broken=broken, targets=tuple(faced))


def face(target: Target) -> Faced:
    """Play all on one target, in front of an upstream of its own; when that has gone, its port refuses."""
    with ExitStack() as stack, TemporaryDirectory(prefix="parity-faults-") as folder:
        log = Path(folder) / "server.log"
        port = stack.enter_context(kept_port())
        inside, counts = stack.enter_context(looked_into())
        gone = stack.enter_context(ExitStack())
        up = gone.enter_context(upstream.running(log=log.with_name("upstream.log"), port=port))
        server = stack.enter_context(started(target, {**SETTINGS, **up.settings, **inside}, log))
        counter = Counter(server, port, counts)
        played, before, after = _passes(counter, up.key)
        left_open = up.stats().open
        gone.close()
        played += _all(server.subject, [(REFUSE, route) for route in ROUTES], 1, up.key)
        broken = [f"{one.fault} on {one.route}: {sentence}" for one in played for sentence in one.broken]
        broken += _told(log, up.key)
    broken += [f"{more} {name} left open" for name, more in after.beyond(before, target.workers).items()]
    broken += [f"{left_open} calls left open at the upstream"] * bool(left_open)
    return Faced(
        target=target.name,
        played=tuple(played),
        before=before,
        after=after,
        broken=tuple(broken),
    )


def _passes(counter: Counter, key: str) -> tuple[list[Played], Held, Held]:
    """Play all until a pass leaves no more than it found; what it found and left, or the last one's when none does."""
    server, target = counter.launched.subject, counter.target
    slots = target.slots or AT_ONCE * target.workers + SPARE
    fill(server, min(slots, AT_ONCE * target.workers + SPARE))
    after = counter.settled()
    for _ in range(PASSES):
        before = after
        played = _all(server, ALL, min(slots, AT_ONCE), key)
        after = counter.back_to(before)
        if any(one.broken for one in played) or not after.beyond(before, target.workers):
            break
    return played, before, after


def _all(server: Subject, pairs: list[tuple[str, str]], atonce: int, key: str) -> list[Played]:
    with ThreadPoolExecutor(atonce) as pool:
        return list(pool.map(lambda pair: play(server, pair[0], pair[1], key), pairs))


def _told(log: Path, key: str) -> Iterator[str]:
    """Whatever a log has that it must not."""
    for line in log.read_text("utf-8", errors="replace").splitlines():
        for what, marker in (("the upstream's words", SECRET), ("the upstream's key", key)):
            if marker in line:
                yield f"its log has {what}: {line.replace(marker, '[...]')[:300]}"


def default() -> tuple[Target, ...]:
    """The targets of the short version."""
    return tuple(load_services()[name] for name in DEFAULT_TARGETS)
