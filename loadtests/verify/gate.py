"""The gate before every load: does each target have a pass for exactly what would run now?

Rule: if any part that a pass depends on has changed, for one target or one pair of them, the suite runs again for
all, and it is said why. What was relied on is a value, so that the terminal and the stored run say the same.
Neighbours: `passes` remembers, `fingerprint` says what changed, `run` runs, `compare` asks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from rich.console import Console

from loadtests.targets import Target
from loadtests.verify import files, fingerprint, passes
from loadtests.verify.fingerprint import Parts
from loadtests.verify.grades import Count
from loadtests.verify.passes import Pass
from loadtests.verify.records import PAIR
from loadtests.verify.results import Results
from loadtests.verify.run import new_folder, shown, subjects, verify_targets
from loadtests.verify.suite import LOG


@dataclass(frozen=True)
class VerifyOutcome:
    """What the suite says of a target and its pairs, when (UTC), and on what; `why` it ran now, "" if it did not.

    `fingerprint` is "" where the kit cannot see into the target, and so could not notice a change.
    """

    target: str
    count: Count
    page: Path
    passed_at: str = ""
    fingerprint: str = ""
    why: str = ""

    @property
    def ok(self) -> bool:
        """A pass."""
        return self.count.ok

    @property
    def reused(self) -> bool:
        """An earlier pass stood."""
        return not self.why


def ensure_verified(targets: Sequence[Target], console: Console) -> Mapping[str, VerifyOutcome]:
    """Return each target's outcome; the suite runs for all if one, or a pair of them, has no pass for what is now."""
    made = subjects(targets)
    reasons = tuple(dict.fromkeys(_reasons(targets, made)))
    if not reasons:
        return MappingProxyType({target.name: _reused(target.name, made) for target in targets})
    folder = new_folder()
    for reason in reasons:
        console.print(reason, highlight=False, soft_wrap=True, markup=False)
    names = ", ".join(target.name for target in targets)
    told = f"conformance suite on {names}, some minutes (output: {shown(folder)}/{LOG})"
    console.print(told, highlight=False, soft_wrap=True)
    with console.status("conformance suite"):
        results = verify_targets(targets, folder, show=False)
    return MappingProxyType({target.name: _ran(target.name, results, folder, "; ".join(reasons)) for target in targets})


def passed(target: Target) -> bool:
    """Tell whether the suite has passed for this very source and command."""
    return passes.find(target.name, fingerprint.parts(target)) is not None


def _reasons(targets: Sequence[Target], made: Mapping[str, Parts]) -> Iterator[str]:
    """Every reason to run the suite now."""
    blind = {target.name: fingerprint.unseen(target) for target in targets}
    yield from filter(None, blind.values())
    for name, parts in made.items():
        if any(blind[target] for target in name.split(PAIR)):
            continue
        last = passes.last(name)
        if last is None:
            yield f"{' and '.join(name.split(PAIR))}: no pass yet{' as a pair' if PAIR in name else ''}"
        elif changed := fingerprint.changed(last.parts, parts):
            yield f"since the pass of {last.passed_at}, {' and '.join(changed)} changed"


def _reused(name: str, made: Mapping[str, Parts]) -> VerifyOutcome:
    mine = [found for subject in made if name in subject.split(PAIR) if (found := passes.last(subject))]
    own = passes.last(name)
    assert own is not None
    return VerifyOutcome(
        target=name,
        count=_sum(mine),
        page=own.page / files.PAGE,
        passed_at=min(found.passed_at for found in mine),  # the oldest is what is relied on
        fingerprint=own.fingerprint,
    )


def _sum(mine: Sequence[Pass]) -> Count:
    counts = [found.count for found in mine]
    return Count(
        sum(found.identical for found in counts),
        sum(found.known for found in counts),
        0,
        sum(found.not_applicable for found in counts),
    )


def _ran(name: str, results: Results, folder: Path, why: str) -> VerifyOutcome:
    return VerifyOutcome(
        target=name,
        count=results.concerning(name),
        page=folder / files.PAGE,
        passed_at=results.started,
        fingerprint=results.fingerprint(name),
        why=why,
    )
