"""The proof as a value: everything that docs/statistics.md says, worked out from the recorded noise.

Rule: made by `python -m tests.statistics`, stored by `--store`, and never edited; the same recording gives the same
proof to the byte. What has to hold is in `failures`, and the command's exit code is made of it.
Neighbours: `simulate` draws, `page` shows, `noise` is what is drawn from.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from loadtests.analyse import statistics
from loadtests.analyse.verdict import Word
from loadtests.plan import Frozen
from tests.statistics import simulate
from tests.statistics.noise import DOCS, Noise, Recorded, Variant

STORED: Final = DOCS / "results" / "statistics.json"
BLOCKS: Final = (4, 5, 8, 12, 20)
EFFECTS: Final = (0.02, 0.05, 0.10)
FAMILY: Final = 10
"""Primary comparisons of the usual run: five scenarios, two targets beside the baseline."""
WIDTHS: Final = (0.03, 0.05, 0.10)
LEAST: Final = (5, 8)
MOST: Final = 40
RUN: Final = 8
"""Blocks of the real runs that the recording is cut into."""
CHANCE: Final = 3.0
"""Standard errors by which a simulated share may miss what it should be."""


@dataclass(frozen=True)
class Size:
    """How many draws each table takes: each cell of the false positives, the intervals, the rest."""

    false: int = 2_000
    intervals: int = 1_200
    rest: int = 1_000


class ByBlocks(Frozen):
    """One figure's shares, in the order of `BLOCKS`."""

    key: str
    shares: tuple[float, ...]


class Family(Frozen):
    """Runs of A against A in which any comparison was called a difference, without Holm and with it."""

    blocks: int
    plain: float
    corrected: float


class Interval(Frozen):
    """One kind of 95% interval at one number of blocks: how often it held the truth, and its median width."""

    kind: str
    blocks: int
    held: float
    width: float


class Power(Frozen):
    """How often an effect was found, corrected for `FAMILY`, in the order of `BLOCKS`."""

    key: str
    effect: float
    shares: tuple[float, ...]


class Resolved(Frozen):
    """What `resolves` says of a figure at so many blocks, and how often that difference was found in the simulation."""

    key: str
    blocks: int
    effect: float
    found: float


class Stopping(Frozen):
    """Runs that stopped when narrow enough."""

    key: str
    width: float
    least: int
    held: float
    false: float
    blocks: float


class Real(Frozen):
    """Rounds as they were played, judged together: a ratio, its interval, p among its family, the word."""

    key: str
    variant: Variant
    first: int
    last: int
    blocks: int
    value: float
    low: float
    high: float
    adjusted: float
    word: Word


class Proof(Frozen):
    """All of it."""

    schema_version: int = 1
    recorded: str
    draws: int
    interval_draws: int
    other_draws: int
    false: tuple[ByBlocks, ...]
    families: tuple[Family, ...]
    intervals: tuple[Interval, ...]
    power: tuple[Power, ...]
    resolved: tuple[Resolved, ...]
    equivalent: tuple[Power, ...]
    stopping: tuple[Stopping, ...]
    real: tuple[Real, ...]

    @classmethod
    def read(cls, path: Path = STORED) -> "Proof":
        """A stored proof."""
        return cls.model_validate_json(path.read_text("utf-8"))

    def store(self, path: Path = STORED) -> None:
        """Write it."""
        path.write_text(self.model_dump_json(indent=1) + "\n", "utf-8")


def prove(noise: Noise, size: Size | None = None) -> Proof:
    """Everything, from this recording: one to two minutes of one core at the usual size."""
    size, figures = size or Size(), noise.figures
    return Proof(
        recorded=noise.recorded,
        draws=size.false,
        interval_draws=size.intervals,
        other_draws=size.rest,
        false=tuple(_false(one, size) for one in figures),
        families=tuple(_family(noise, blocks, size) for blocks in BLOCKS),
        intervals=tuple(_intervals(noise, size)),
        power=tuple(_power(one, effect, size) for one in figures for effect in EFFECTS),
        resolved=tuple(_resolved(one, blocks, size) for one in figures for blocks in BLOCKS),
        equivalent=tuple(_equivalent(one, effect, size) for one in figures for effect in (0.0, 0.03)),
        stopping=tuple(
            _stopping(one, width, least, size) for one in figures if one.primary for width in WIDTHS for least in LEAST
        ),
        real=tuple(real(noise)),
    )


def _false(one: Recorded, size: Size) -> ByBlocks:
    shares = (simulate.false_positives(one.noise, blocks, size.false) for blocks in BLOCKS)
    return ByBlocks(key=one.key, shares=tuple(shares))


def _family(noise: Noise, blocks: int, size: Size) -> Family:
    plain, corrected = simulate.family([one.noise for one in noise.figures], FAMILY, blocks, size.rest)
    return Family(blocks=blocks, plain=plain, corrected=corrected)


def _intervals(noise: Noise, size: Size) -> Iterator[Interval]:
    for blocks in BLOCKS:
        found = simulate.coverage([one.noise for one in noise.figures], blocks, size.intervals)
        for kind, one in found.items():
            yield Interval(kind=kind, blocks=blocks, held=one.held, width=one.width)


def _power(one: Recorded, effect: float, size: Size) -> Power:
    shares = (simulate.power(one.noise, effect, blocks, size.rest, FAMILY) for blocks in BLOCKS)
    return Power(key=one.key, effect=effect, shares=tuple(shares))


def _resolved(one: Recorded, blocks: int, size: Size) -> Resolved:
    effect = statistics.resolves(simulate.spread_of(one.noise), blocks, FAMILY) or 0.0
    found = simulate.power(one.noise, effect, blocks, size.rest, FAMILY)
    return Resolved(key=one.key, blocks=blocks, effect=effect, found=found)


def _equivalent(one: Recorded, effect: float, size: Size) -> Power:
    shares = (simulate.equivalent(one.noise, effect, blocks, size.rest) for blocks in BLOCKS)
    return Power(key=one.key, effect=effect, shares=tuple(shares))


def _stopping(one: Recorded, width: float, least: int, size: Size) -> Stopping:
    found = simulate.stopping(one.noise, width, least, MOST, size.rest)
    return Stopping(key=one.key, width=width, least=least, held=found.held, false=found.false, blocks=found.blocks)


def real(noise: Noise) -> Iterator[Real]:
    """The recorded rounds themselves: all together, then cut into runs of `RUN` blocks. Each is a family."""
    most = max(len(one.blocks) for one in noise.figures)
    starts = range(0, most - RUN + 1, RUN)
    for first, last in ((0, most), *((start, start + RUN) for start in starts if most > RUN)):
        for variant in ("again", "slower"):
            yield from _judged(noise, variant, first, last)


def _judged(noise: Noise, variant: Literal["again", "slower"], first: int, last: int) -> Iterator[Real]:
    parts = [one.model_copy(update={"blocks": one.blocks[first:last]}) for one in noise.figures]
    found = [(one.key, len(ratios), statistics.estimate(ratios)) for one in parts if (ratios := one.ratios(variant))]
    told = [(key, blocks, one) for key, blocks, one in found if one]
    adjusted = statistics.holm([one.p for *_, one in told])
    for (key, blocks, one), p in zip(told, adjusted, strict=True):
        yield Real(
            key=key,
            variant=variant,
            first=first + 1,
            last=last,
            blocks=blocks,
            value=one.ratio,
            low=one.low,
            high=one.high,
            adjusted=p,
            word=statistics.judged(one, p),
        )


@dataclass(frozen=True)
class Allowed:
    """The largest shares that count as holding: of runs, of one figure's verdicts, of intervals that miss."""

    runs: float
    false: float
    missed: float
    stopped: float
    equivalent: float


def allowed(proof: Proof) -> Allowed:
    """What is promised and chance; where a figure stands alone, `SLACK` more."""
    false, missed, other = map(_most, (proof.draws, proof.interval_draws, proof.other_draws))
    return Allowed(other, false + SLACK, missed + SLACK, other + SLACK, other + SLACK)


def failures(proof: Proof) -> Iterator[str]:
    """Every sentence that speaks against the statistics; none means that they hold."""
    most = allowed(proof)
    for one in proof.families:
        if one.corrected > most.runs:
            yield f"{one.corrected:.1%} of runs with {one.blocks} blocks found a difference where there is none"
    for figure in proof.false:
        if max(figure.shares) > most.false:
            yield f"{figure.key}: {max(figure.shares):.1%} false positives"
    for interval in proof.intervals:
        if interval.kind == "t" and interval.held < 1 - most.missed:
            yield f"the interval held {interval.held:.1%} with {interval.blocks} blocks"
    for stopped in proof.stopping:
        if stopped.held < 1 - most.stopped:
            yield f"{stopped.key}: stopped at {stopped.width:.0%}, the interval held {stopped.held:.1%}"
    for same in proof.equivalent:
        if same.effect and max(same.shares) > most.equivalent:
            yield f"{same.key}: {max(same.shares):.1%} are called equivalent at a difference of {same.effect:.0%}"
    yield from _real_failures(proof)


def _real_failures(proof: Proof) -> Iterator[str]:
    """What the recorded rounds say against it, judged all together."""
    longest = max((played.last - played.first for played in proof.real), default=0)
    whole = [played for played in proof.real if played.last - played.first == longest]
    for played in whole:
        if played.variant == "again" and played.word in {"higher", "lower"}:
            yield f"{played.key}: the same against itself came out {played.word}"
    if not any(played.word == "higher" for played in whole if (played.variant, played.key) == ADDED):
        yield "2 ms added were not found"


ADDED: Final = ("slower", "chat.intended_p50")
"""Where 2 ms of the model are due to show: under a load that leaves the server time to wait."""
SLACK: Final = 0.01
"""What noise that is not normal may cost one figure alone."""


def _most(draws: int) -> float:
    return statistics.SURE + CHANCE * math.sqrt(statistics.SURE * (1 - statistics.SURE) / draws)
