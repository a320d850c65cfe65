"""The law of a curve: flat, a line, a power, or two lines that meet, by least squares, and which of them to believe.

Rule: pure. Noise grows with the value, so residuals are shares of the law's value: weights are 1/law², found by
fitting again (1/y² would pull every law down to its lowest points), and a law is as far from its points as the
logarithms are. The simplest law is believed until a richer one has an AICc (Hurvich and Tsai 1989) lower by more than
`BELIEVED`: by then the simpler one has considerably less support (Burnham and Anderson 2002, 2.6); the best of them is
no law when points lie `FAR` around it. Coefficients have 95% intervals by Student's t. Neighbours: `curves` brings the
points, `page` writes the laws, `paper` goes on with them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from loadtests.analyse import student

BELIEVED: Final = 4.0
FAR: Final = 0.2  # points that lie further around a law than this follow another one, or none
REFITS: Final = 10  # by then the weights do not change any more
LEAST: Final = 1e-12  # of a sum of squares: what fits exactly is not fitted better still
Kind = Literal["flat", "line", "power", "bend"]
Pairs = Sequence[tuple[float, float]]
Matrix = list[list[float]]


@dataclass(frozen=True, slots=True)
class Law:
    """A fitted law. `at` gives its value; `coefficients` with `half`, half the width of each one's interval.

    flat: a; line: a + b·x; power: a·x^b; bend: a + b·x, from `bend` on with the slope b + c.
    """

    kind: Kind
    coefficients: tuple[float, ...]
    half: tuple[float, ...]
    spread: float
    """Of the points around it: the root mean square of ln(point / law), which is nearly a share of its value."""
    points: int
    bend: float | None = None
    covariance: tuple[tuple[float, ...], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the points follow it; the best of all laws may still be none."""
        return self.spread <= FAR

    def at(self, x: float) -> float:
        """Its value."""
        if self.kind == "power":
            return self.coefficients[0] * math.pow(x, self.coefficients[1])
        return math.fsum(c * v for c, v in zip(self.coefficients, _row(self.kind, x, self.bend), strict=True))

    def within(self, x: float) -> float:
        """Half the width of the 95% interval of the value there; of a power, for small intervals."""
        row = [1.0, math.log(x)] if self.kind == "power" else _row(self.kind, x, self.bend)
        variance = math.fsum(row[i] * row[j] * self.covariance[i][j] for i in range(len(row)) for j in range(len(row)))
        reach = student.quantile(0.975, self.points - _freedom(self.kind)) * math.sqrt(max(variance, 0.0))
        return reach * self.at(x) if self.kind == "power" else reach


def fit(pairs: Pairs) -> Law | None:
    """The best law of these points, if it `holds` or not; None with too few of them (or of their places) for any."""
    kept = sorted((x, y) for x, y in pairs if y > 0)
    best: tuple[float, Law] | None = None
    for make in (_flat, _line, _power, _bend):
        law = make(kept)
        if law is not None and ((score := _aicc(law, kept)) < (best[0] - BELIEVED if best else math.inf)):
            best = score, law
    return best[1] if best else None


def _flat(pairs: Pairs) -> Law | None:
    return _linear("flat", pairs, None)


def _line(pairs: Pairs) -> Law | None:
    return _linear("line", pairs, None) if _places(pairs) >= 2 else None


def _power(pairs: Pairs) -> Law | None:
    """A line through the logarithms, whose residuals are relative already."""
    if _places(pairs) < 3 or min(x for x, _ in pairs) <= 0:
        return None
    solved = _solve([([1.0, math.log(x)], math.log(y), 1.0) for x, y in pairs])
    if solved is None:
        return None
    (a, b), covariance = solved
    half = _halves(covariance, len(pairs) - 2)
    law = Law(
        "power", (math.exp(a), b), (math.exp(a) * math.expm1(half[0]), half[1]), 0.0, len(pairs), None, covariance
    )
    return _spread(law, pairs)


def _bend(pairs: Pairs) -> Law | None:
    """The best of all places for the bend that have two places of x on either side."""
    places = sorted({x for x, _ in pairs})
    found = [law for place in places[1:-1] if (law := _linear("bend", pairs, place)) is not None]
    return min(found, key=lambda law: law.spread, default=None) if len(places) >= 5 else None


def _linear(kind: Kind, pairs: Pairs, bend: float | None) -> Law | None:
    """Weighted by what the law before it says, the points themselves before the first; never one that is not over 0."""
    law, said = None, [y for _, y in pairs]
    for _ in range(REFITS if len(pairs) > _freedom(kind) + 1 else 0):
        solved = _solve([(_row(kind, x, bend), y, 1 / (at * at)) for (x, y), at in zip(pairs, said, strict=True)])
        if solved is None:
            return None
        values, covariance = solved
        law = Law(kind, values, _halves(covariance, len(pairs) - _freedom(kind)), 0.0, len(pairs), bend, covariance)
        said = [law.at(x) for x, _ in pairs]
        if min(said) <= 0:
            return None
    return law and _spread(law, pairs)


def _row(kind: Kind, x: float, bend: float | None) -> list[float]:
    return [1.0, x, max(0.0, x - (bend or 0.0))][: {"flat": 1, "line": 2}.get(kind, 3)]


def _freedom(kind: Kind) -> int:
    """Parameters; the place of the bend is one too."""
    return {"flat": 1, "line": 2, "power": 2, "bend": 4}[kind]


def _places(pairs: Pairs) -> int:
    return len({x for x, _ in pairs})


def _spread(law: Law, pairs: Pairs) -> Law:
    mean = math.fsum(math.log(y / law.at(x)) ** 2 for x, y in pairs) / len(pairs)
    return Law(law.kind, law.coefficients, law.half, math.sqrt(mean), law.points, law.bend, law.covariance)


def _aicc(law: Law, pairs: Pairs) -> float:
    """Akaike's criterion, corrected for few points; lower is better. One parameter more is the noise's size."""
    n, k = len(pairs), _freedom(law.kind) + 1
    if n - k - 1 <= 0:
        return math.inf
    return n * math.log(max(law.spread**2, LEAST)) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def _halves(covariance: tuple[tuple[float, ...], ...], freedom: int) -> tuple[float, ...]:
    reach = student.quantile(0.975, max(freedom, 1))
    return tuple(reach * math.sqrt(max(covariance[i][i], 0.0)) for i in range(len(covariance)))


def _solve(
    rows: Sequence[tuple[list[float], float, float]],
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]] | None:
    """Weighted least squares over (row, y, weight): coefficients, their covariance; None where these cannot be told."""
    size = len(rows[0][0])
    scale = [max(abs(row[i]) for row, _, _ in rows) or 1.0 for i in range(size)]
    normal = [
        [math.fsum(w * r[i] * r[j] for r, _, w in rows) / scale[i] / scale[j] for j in range(size)] for i in range(size)
    ]
    right = [math.fsum(w * r[i] * y for r, y, w in rows) / scale[i] for i in range(size)]
    inverse = _inverse(normal)
    if inverse is None or len(rows) <= size:
        return None
    solved = tuple(math.fsum(inverse[i][j] * right[j] for j in range(size)) / scale[i] for i in range(size))
    residual = math.fsum(w * (y - math.fsum(map(_times, solved, r))) ** 2 for r, y, w in rows) / (len(rows) - size)
    return solved, tuple(
        tuple(residual * inverse[i][j] / scale[i] / scale[j] for j in range(size)) for i in range(size)
    )


def _times(left: float, right: float) -> float:
    return left * right


def _inverse(matrix: Matrix) -> Matrix | None:
    """By Gauss and Jordan with pivots; None where it has none."""
    size = len(matrix)
    work = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(work[i][column]))
        if abs(work[pivot][column]) < 1e-12 * max(abs(matrix[i][i]) for i in range(size)):
            return None
        work[column], work[pivot] = work[pivot], work[column]
        lead = work[column][column]
        work[column] = [value / lead for value in work[column]]
        for i in range(size):
            if i != column:
                factor = work[i][column]
                work[i] = [value - factor * base for value, base in zip(work[i], work[column], strict=True)]
    return [row[size:] for row in work]
