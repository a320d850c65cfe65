"""Writes docs/statistics.md from the stored proof; a test holds the page to it.

Rule: no number is typed by hand. `python -m tests.statistics --store` writes it. Neighbours: `proof` (what is stored),
`noise` (what it was drawn from).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from loadtests.analyse import statistics, units
from tests.statistics.curve import SVG, curve
from tests.statistics.noise import DOCS, Noise, Recorded
from tests.statistics.proof import BLOCKS, CHANCE, FAMILY, MOST, RUN, SLACK, Proof, Real, allowed, failures
from tests.statistics.simulate import spread_of

PAGE: Final = DOCS / "statistics.md"

HEAD: Final = """\
# The statistics, tried on recorded noise

A comparison says *faster*, *slower*, *equivalent* or *no clear difference*. Here is how often it is wrong, how often
its intervals hold the truth, and how small a difference it finds: not on paper, but on noise that was recorded on a
real machine, and in real rounds of one deployment against itself. The intervals are
[Student's t on the logarithms of paired ratios](decisions/0011-intervals.md), the correction is Holm's.

`python -m tests.statistics` works all of it out again in a minute or two; `--record` records the noise of your
machine first (ten minutes). Written by `python -m tests.statistics --store`.
"""
KINDS: Final = ("t", "bootstrap-t", "percentile")
VARIANTS: Final = {"again": "the same again", "slower": "2 ms added"}


def page(noise: Noise, proof: Proof) -> str:
    """The whole page."""
    against = list(failures(proof))
    verdict = f"**It does not hold: {'; '.join(against)}.**" if against else "**All of it holds.**"
    return "\n\n".join([HEAD.rstrip(), f"{verdict} {_allowed(proof)}", *_sections(noise, proof)]) + "\n"


def _allowed(proof: Proof) -> str:
    """What counts as holding, with the tolerance that `failures` has."""
    most, worst = allowed(proof), max(share for one in proof.false for share in one.shares)
    return (
        f"Promised is {statistics.SURE:.0%}: of runs that call anything different, of verdicts on a single figure and "
        f"of intervals that miss. A simulated share counts as holding up to {CHANCE:g} standard errors of its draws "
        f"above that; what is not of whole runs may be {100 * SLACK:g} percentage point higher still, because recorded "
        f"noise is not normal. So up to "
        f"{most.runs:.1%} of runs, {most.false:.1%} false positives of a figure (the largest below is {worst:.1%}), "
        f"{most.equivalent:.1%} called equivalent that are not, {most.missed:.1%} of intervals that miss and, of runs "
        f"that stop early, {most.stopped:.1%}."
    )


def _sections(noise: Noise, proof: Proof) -> Iterator[str]:
    names = {one.key: f"{one.title}, {one.load}" for one in noise.figures}
    yield _recorded(noise)
    yield _real(proof, names)
    yield _false(proof, names)
    yield _intervals(proof)
    yield _power(noise, proof, names)
    yield _resolved(proof, names)
    yield _equivalent(proof, names)
    yield _stopping(proof, names)


def _recorded(noise: Noise) -> str:
    provisional = (
        "**Provisional: recorded with `--busy` while the machine had other work, so that rounds count which the kit "
        "refuses. No figure of this section and the next is a measurement.** "
        if noise.refused_kept
        else ""
    )
    intro = (
        f"{provisional}{noise.rounds} rounds of {noise.target}, {noise.refused} of them refused, on {noise.machine}; "
        f"{noise.isolation}; {noise.busy:.2f} processes wanted to run before it began; {noise.recorded}. Every block "
        f"holds the target twice, and once more with {noise.added_ms:g} ms added to its model's answer."
    )
    rows = ((_named(one), f"{len(one.noise)}", f"{100 * spread_of(one.noise):.1f}%") for one in noise.figures)
    return _section("What was recorded", intro, ("figure", "blocks", "spread of A over A"), rows)


def _named(one: Recorded) -> str:
    return f"{one.title}, {one.load}{' (decides)' if one.primary else ''}"


def _real(proof: Proof, names: dict[str, str]) -> str:
    intro = (
        "The recorded rounds as a comparison judges them: ratio to the first A, 95% interval, p by Holm over the "
        f"figures of that line's run. First all blocks, then runs of {RUN}. A against A must differ nowhere; the added "
        "2 ms must be found in the latency under a load that leaves the server time to wait. What throughput at "
        "saturation loses is what a timer costs on a processor that is busy anyway, and nothing is asked of it."
    )
    rows = (
        (
            VARIANTS[one.variant],
            names[one.key],
            f"{one.first} to {one.last}",
            f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})",
            "under 0.001" if one.adjusted < 0.001 else f"{one.adjusted:.3f}",
            one.word,
        )
        for one in sorted(proof.real, key=_order)
    )
    return _section("Real rounds", intro, ("A against", "figure", "blocks", "ratio", "p", "verdict"), rows)


def _order(one: Real) -> tuple[str, int, int]:
    return one.variant, one.first, -one.last


def _false(proof: Proof, names: dict[str, str]) -> str:
    intro = (
        f"{proof.draws:,} draws of A against A in each cell: how often p is under 5%, before any correction. 5% is "
        "what is promised for one comparison; a comparison makes many. The draws are of the recorded noise, smoothed, "
        "about no difference and each by itself: what a machine that drifts or favours an order could do is not in "
        "them. Against that are the random, mirrored blocks, and the real rounds above."
    )
    rows = ((names[one.key], *(f"{share:.1%}" for share in one.shares)) for one in proof.false)
    table = _section("False positives", intro, ("figure", *_blocks()), rows)
    family = _table(
        (f"runs in which any of {FAMILY} is called different", *_blocks()),
        (
            ("each judged by itself", *(f"{one.plain:.1%}" for one in proof.families)),
            ("by Holm, as the kit does", *(f"{one.corrected:.1%}" for one in proof.families)),
        ),
    )
    return f"{table}\n\nOver a run's {FAMILY} comparisons that decide, where nothing differs anywhere:\n\n{family}"


def _intervals(proof: Proof) -> str:
    intro = (
        f"How often a 95% interval holds the truth, over {proof.interval_draws:,} draws from all figures, and its "
        "median width from lower to upper end. The kit judges by t, shows bootstrap-t beside it from five blocks on, "
        "and does not use the percentile bootstrap, for the reason that is seen here."
    )
    found = {(one.kind, one.blocks): f"{one.held:.1%} ({one.width:.1%})" for one in proof.intervals}
    rows = ((kind, *(found.get((kind, blocks), units.DASH) for blocks in BLOCKS)) for kind in KINDS)
    return _section("Intervals", intro, ("interval", *_blocks()), rows)


def curves(noise: Noise, proof: Proof) -> str:
    """The power curves of the figures that decide."""
    names = {one.key: f"{one.title}, {one.load}" for one in noise.figures}
    return curve(proof, names, tuple(one.key for one in noise.figures if one.primary))


def _power(noise: Noise, proof: Proof, names: dict[str, str]) -> str:
    shown = " and ".join(names[one.key] for one in noise.figures if one.primary)
    intro = (
        f"How often a true difference is found, at the hardest step of Holm's correction over {FAMILY} comparisons.\n\n"
        f"![How often 2, 5 and 10% are found against the number of blocks, for {shown}]({SVG.relative_to(DOCS)})"
    )
    rows = ((names[one.key], f"{one.effect:.0%}", *(f"{share:.0%}" for share in one.shares)) for one in proof.power)
    return _section("Power", intro, ("figure", "difference", *_blocks()), rows)


def _resolved(proof: Proof, names: dict[str, str]) -> str:
    intro = (
        "A report says of each figure which difference its rounds would have told from none in four of five runs. The "
        "difference that it says, and how often that was found in the simulation (80% is due):"
    )
    found = {(one.key, one.blocks): f"{units.share(one.effect)} ({one.found:.0%})" for one in proof.resolved}
    rows = ((names[key], *(found[key, blocks] for blocks in BLOCKS)) for key in dict.fromkeys(k for k, _ in found))
    return _section("What a run resolves", intro, ("figure", *_blocks()), rows)


def _equivalent(proof: Proof, names: dict[str, str]) -> str:
    intro = (
        "How often two targets are called equivalent (within 3%) when they are the same, and when they differ by "
        "exactly 3%, where it would be wrong and may happen in 5% of cases."
    )
    rows = (
        (names[one.key], "none" if not one.effect else f"{one.effect:.0%}", *(f"{share:.1%}" for share in one.shares))
        for one in proof.equivalent
    )
    return _section("Equivalence", intro, ("figure", "difference", *_blocks()), rows)


def _stopping(proof: Proof, names: dict[str, str]) -> str:
    intro = (
        "`--full` looks after each block and stops a scenario when both its intervals are narrow enough. Stopping at a "
        f"lucky moment costs coverage; how much, with A against A and two ratios, at most {MOST} blocks:"
    )
    rows = (
        (
            names[one.key],
            f"{one.width:.0%}",
            f"{one.least}",
            f"{one.blocks:.1f}",
            f"{one.held:.1%}",
            f"{one.false:.1%}",
        )
        for one in proof.stopping
    )
    head = ("figure", "wanted width", "at least", "blocks, mean", "intervals that hold", "called different")
    return _section("Stopping when narrow enough", intro, head, rows)


def _blocks() -> tuple[str, ...]:
    return tuple(f"{blocks} blocks" for blocks in BLOCKS)


def _section(title: str, intro: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return f"## {title}\n\n{intro}\n\n{_table(head, rows)}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" if number == 0 else "---:" for number, _ in enumerate(head)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
