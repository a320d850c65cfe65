"""Plays every way to leave on one target, in front of an upstream of its own, and counts what is left open.

Rule: as for the faults, what is held is compared from one pass to the next (see `held`), after a warm-up that fills
every pool. Neighbours: `leave` (one situation), `page` (shows the value made here).
"""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests import upstream
from loadtests.targets import Target, load_services
from loadtests.upstream import Upstream
from tests.conformance.fixtures import started
from tests.conformance.subject import Subject
from tests.resilience.cancellation.leave import Left, broken, leave
from tests.resilience.cancellation.situations import ITL, RETRIED, SETTINGS, SITUATIONS
from tests.resilience.held import Counter, Held, fill, looked_into
from tests.resilience.part import Frozen, Measured, Tell, machine, now

PASSES = 3
CLIENTS, SPARE = 6, 4


class Situated(Frozen):
    """What came of all who left in one situation."""

    situation: str
    left: tuple[Left, ...]
    broken: tuple[str, ...]


class Deserted(Frozen):
    """One target: every situation, what it held before and after, the promises it broke."""

    target: str
    framework: str
    situated: tuple[Situated, ...]
    before: Held
    after: Held
    broken: tuple[str, ...]


class Cancellation(Measured):
    """All targets."""

    targets: tuple[Deserted, ...]


def measure(tell: Tell) -> Cancellation:
    """Every target that the kit knows."""
    return of(load_services().values(), tell)


def of(targets: Iterable[Target], tell: Tell) -> Cancellation:
    """These targets, one after the other."""
    deserted = []
    for target in targets:
        deserted.append(desert(target))
        tell(f"{target.name}: {len(SITUATIONS)} situations, {len(deserted[-1].broken)} promises broken")
    sentences = tuple(f"{one.target}: {sentence}" for one in deserted for sentence in one.broken)
    return Cancellation(taken=now(), machine=machine(), broken=sentences, targets=tuple(deserted))


def desert(target: Target) -> Deserted:
    """Leave one target in every way."""
    with ExitStack() as stack, TemporaryDirectory(prefix="parity-cancellation-") as folder:
        log = Path(folder) / "server.log"
        up = stack.enter_context(upstream.running(log=log.with_name("upstream.log"), itl=ITL))
        inside, counts = stack.enter_context(looked_into())
        server = stack.enter_context(started(target, {**SETTINGS, **up.settings, **inside}, log))
        counter = Counter(server, up.server.port, counts)
        situated, before, after = _passes(counter, up)
        left_open = up.stats().open
    found = [f"{one.situation}: {sentence}" for one in situated for sentence in one.broken]
    found += [f"{more} {name} left open" for name, more in after.beyond(before, target.workers).items()]
    found += [f"{left_open} calls left open at the upstream"] * bool(left_open)
    return Deserted(
        target=target.name,
        framework=target.framework,
        situated=tuple(situated),
        before=before,
        after=after,
        broken=tuple(found),
    )


def _passes(counter: Counter, up: Upstream) -> tuple[list[Situated], Held, Held]:
    """Play all until a pass leaves no more than it found; what it found and left, or the last one's when none does."""
    server, target = counter.launched.subject, counter.target
    most = CLIENTS * target.workers + SPARE
    fill(server, min(target.slots or most, most))
    after = counter.settled()
    for _ in range(PASSES):
        before, asked = after, _refused(up)
        situated = [_situated(server, up, name, target) for name in SITUATIONS]
        after = counter.back_to(before)
        situated += _asked_again(_refused(up) - asked, situated)
        if any(one.broken for one in situated) or not after.beyond(before, target.workers):
            break
    return situated, before, after


def _situated(server: Subject, up: Upstream, name: str, target: Target) -> Situated:
    """All clients at once, or as many as the target has slots, and then more of them."""
    atonce = min(target.slots or CLIENTS, CLIENTS)
    try:
        left = tuple(one for _ in range(CLIENTS // atonce) for one in leave(server, up, SITUATIONS[name], atonce))
    except AssertionError as error:
        return Situated(situation=name, left=(), broken=(str(error),))
    return Situated(situation=name, left=left, broken=tuple(broken(target.framework, SITUATIONS[name], left)))


def _refused(up: Upstream) -> int:
    return up.stats().faults.get(RETRIED, 0)


def _asked_again(asked: int, situated: list[Situated]) -> list[Situated]:
    """A broken promise if the upstream was asked again after clients had left in the pause before that."""
    left = sum(len(one.left) for one in situated if one.situation == "retry")
    sentence = f"the upstream was asked {asked} times for {left} clients that left before a second time"
    return [Situated(situation="retry", left=(), broken=(sentence,))] if asked > left else []
