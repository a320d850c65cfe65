"""What the verdicts make of recorded noise: how often they are wrong, how often right, and how much that takes.

Rule: seeded; what is tested is the kit's own code, called as analyse calls it. A simulated block's ratio is one that
was recorded, turned round half of the time (A over A or the other way is the same when nothing differs), smoothed a
little (Silverman 1986, section 6.4), as two dozen values are not all that there are, times the true effect. Nothing
else is assumed of the noise's shape, but that blocks are alike.
Neighbours: `proof` asks, `noise` holds what was recorded, `page` shows it.
"""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from loadtests.analyse import statistics
from loadtests.analyse.statistics import Estimate

SEED: Final = 20261122


@dataclass(frozen=True)
class Source:
    """Draws the ratios of as many blocks as asked for, from one figure's noise; `kernel` is the smoothing's width."""

    noise: tuple[float, ...]
    chance: random.Random
    kernel: float
    shrunk: float

    def ratios(self, blocks: int, effect: float = 0.0) -> tuple[float, ...]:
        """One ratio a block, around 1 + effect."""
        return tuple((1 + effect) * math.exp(self._one()) for _ in range(blocks))

    def _one(self) -> float:
        recorded = self.chance.choice(self.noise) * self.chance.choice((-1, 1))
        return (recorded + self.kernel * self.chance.gauss(0, 1)) * self.shrunk

    def estimates(self, blocks: int, draws: int, effect: float = 0.0) -> Iterator[Estimate]:
        """So many simulated comparisons."""
        for _ in range(draws):
            found = statistics.estimate(self.ratios(blocks, effect))
            assert found is not None, "fewer blocks than an interval needs"
            yield found


def source(noise: Sequence[float], *about: object) -> Source:
    """A source whose draws depend on what they are for and on nothing else, so that every table can be made alone."""
    spread = spread_of(noise)
    kernel = 0.9 * min(spread, _quartiles(noise) / 1.34) * len(noise) ** -0.2
    shrunk = 1 / math.hypot(1, kernel / spread) if spread else 1.0  # smoothing must not widen what was recorded
    return Source(tuple(noise), random.Random(f"{SEED} {about}"), kernel, shrunk)


def spread_of(noise: Sequence[float]) -> float:
    """The standard deviation of what a source draws: around 0, as it turns every value round half of the time."""
    return math.sqrt(sum(log * log for log in noise) / len(noise))


def _quartiles(noise: Sequence[float]) -> float:
    low, _, high = quantiles((*noise, *(-log for log in noise)), n=4)
    return high - low


def false_positives(noise: Sequence[float], blocks: int, draws: int) -> float:
    """How often one comparison of A with A has p under 5%, by itself."""
    found = source(noise, "false", blocks).estimates(blocks, draws)
    return _share(one.p < statistics.SURE for one in found)


def family(noises: Sequence[Sequence[float]], size: int, blocks: int, draws: int) -> tuple[float, float]:
    """How often a run of so many comparisons of A with A calls any of them a difference: without Holm and with."""
    sources = [source(noise, "family", blocks, place) for place, noise in enumerate(noises)]
    plain = corrected = 0
    for _ in range(draws):
        found = [next(sources[place % len(sources)].estimates(blocks, 1)) for place in range(size)]
        p_values = [one.p for one in found]
        plain += any(map(_differs, found, p_values))
        corrected += any(map(_differs, found, statistics.holm(p_values)))
    return plain / draws, corrected / draws


@dataclass(frozen=True)
class Coverage:
    """How often the 95% interval held the truth, and how wide (high over low, less 1) the middle one of them was."""

    held: float
    width: float


def coverage(noises: Sequence[Sequence[float]], blocks: int, draws: int) -> dict[str, Coverage]:
    """Of each kind of interval, over draws spread evenly over the figures."""
    intervals: dict[str, list[tuple[float, float]]] = {"t": [], "bootstrap-t": [], "percentile": []}
    sources = [source(noise, "coverage", blocks) for noise in noises]
    for draw in range(draws):
        ratios = sources[draw % len(sources)].ratios(blocks)
        found = statistics.estimate(ratios)
        for kind, interval in (
            ("t", found and (found.low, found.high)),
            ("bootstrap-t", statistics.bootstrap_t(ratios)),
            ("percentile", percentile(ratios)),
        ):
            if interval:
                intervals[kind].append(interval)
    return {kind: _covered(every) for kind, every in intervals.items() if every}


def percentile(ratios: Sequence[float]) -> tuple[float, float]:
    """The plain percentile bootstrap, which the kit does not use: only here, to show why."""
    logs = [math.log(ratio) for ratio in ratios]
    means = sorted(sum(map(float.__mul__, logs, map(float, w))) for w in statistics.resamples(len(logs)))
    low, high = (means[int(share * len(means))] / len(logs) for share in (0.025, 0.975))
    return math.exp(low), math.exp(high)


def _covered(intervals: Sequence[tuple[float, float]]) -> Coverage:
    widths = sorted(high / low - 1 for low, high in intervals)
    return Coverage(_share(low <= 1 <= high for low, high in intervals), widths[len(widths) // 2])


def power(noise: Sequence[float], effect: float, blocks: int, draws: int, size: int) -> float:
    """How often a true effect is found at Holm's hardest step among `size`: p below a size-th of 5%."""
    found = source(noise, "power", effect, blocks).estimates(blocks, draws, effect)
    return _share(one.p * size < statistics.SURE and one.ratio > 1 for one in found)


def equivalent(noise: Sequence[float], effect: float, blocks: int, draws: int) -> float:
    """How often the verdict on a true effect is `equivalent`."""
    found = source(noise, "equivalent", effect, blocks).estimates(blocks, draws, effect)
    return _share(statistics.judged(one, one.p) == "equivalent" for one in found)


@dataclass(frozen=True)
class Stopped:
    """Runs that looked after every block and stopped when narrow enough: coverage, false positives, mean blocks."""

    held: float
    false: float
    blocks: float


def stopping(noise: Sequence[float], width: float, least: int, most: int, draws: int) -> Stopped:
    """The rule of `--full` for one scenario where nothing differs: two ratios, and the wider one decides."""
    drawing, held, false, used = source(noise, "stop", width, least), 0, 0, 0
    for _ in range(draws):
        blocks, both = _until((drawing.ratios(most), drawing.ratios(most)), width, least)
        held += sum(one.low <= 1 <= one.high for one in both)
        false += sum(_differs(one, one.p) for one in both)
        used += blocks
    return Stopped(held / draws / 2, false / draws / 2, used / draws)


def _until(targets: Sequence[tuple[float, ...]], width: float, least: int) -> tuple[int, list[Estimate]]:
    """How many blocks it takes, and the estimates over them."""
    most = len(targets[0])
    for blocks in range(least, most + 1):
        both = [found for ratios in targets if (found := statistics.estimate(ratios[:blocks]))]
        if blocks == most or max(one.high / one.low - 1 for one in both) <= width:
            return blocks, both
    raise ValueError("fewer blocks than are asked for at least")


def _differs(found: Estimate, p: float) -> bool:
    return statistics.judged(found, p) in {"higher", "lower"}


def _share(answers: Iterable[bool]) -> float:
    every = list(answers)
    return sum(every) / len(every)
