"""docs/growth.md, from the stored measurement alone: a chart, a law and a table for each curve, and the sum on paper.

Rule: no figure is typed by hand. Neighbours: `curves` and `laws` (what is told), `plot` (the charts), `million` (the
end of the page), `__main__` (the command).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from loadtests.growth import million, valid
from loadtests.growth.curves import CURVES, Curve, Quantity, pairs, series
from loadtests.growth.laws import BELIEVED, FAR, Law, fit
from loadtests.growth.model import STORED, WRITTEN, Measured, Point
from loadtests.growth.plot import plot
from loadtests.growth.valid import AMPLE, HELD

HEAD: Final = f"""\
# How it grows

Throughput, time to the first token, CPU and memory of each deployment, against open streams, their pace, workers, the
length of a message and of a history; the law that fits each, and what a million open streams would take.

A law is one of: flat; a line, a + b·x; a power, a·x^b; two lines that meet. All are fitted by least squares to what
was measured in every valid round, residuals as shares of the law's value. The simplest is believed until a richer one
has an AICc lower by more than {BELIEVED:g}; ± is the half width of a 95% interval of the coefficient, *around it* how
far the points lie from the law (root mean square of the logarithm, nearly a share of the value). Over {FAR:.0%} the
best law is none: it is called so, not drawn, and nothing is worked out from it.

A point is not valid for the reasons that refuse a round of a comparison (errors, truncated streams, a generator that
was busy or late), and where nothing has settled: throughput or latency still changed when the window began, or open
streams were given under {HELD:.0%} of the events they were asked for. It is hollow in the chart (at the upper edge, if
it lies beyond), in brackets in the table with its reason under it, and in no law. More streams than a deployment has
places are not told at all.
"""
MADE: Final = """\
{machine}. {pinning}. {rounds} rounds, in random order; {taken:%Y-%m-%d %H:%M} UTC. Written by
`python -m loadtests.growth --store` (about {minutes:g} minutes, on a machine that does nothing else).
"""
QUICK: Final = "\n**A {name} run: it shows that all of this works, and its figures are noise.**\n"
NONE: Final = "too few valid points"


def store(measured: Measured) -> None:
    """Write the file, the plots and the page."""
    STORED.write_text(measured.model_dump_json(indent=1) + "\n", "utf-8")
    write(measured)


def write(measured: Measured) -> None:
    """Write the plots and the page."""
    points = valid.judged(measured).points
    for curve in CURVES:
        STORED.with_name(file_of(curve)).write_text(plot(points, curve), "utf-8")
    WRITTEN.write_text(page(measured), "utf-8")


def file_of(curve: Curve) -> str:
    """The name of its chart's file."""
    return f"growth-{curve.name.replace(' ', '-')}.svg"


def page(measured: Measured) -> str:
    """The whole page."""
    return "\n".join(_lines(measured)) + "\n"


def _lines(measured: Measured) -> Iterator[str]:
    size = measured.size
    yield HEAD
    yield MADE.format(
        machine=measured.machine,
        pinning=measured.pinning,
        rounds=size.rounds,
        taken=measured.taken,
        minutes=size.minutes,
    )
    if size.name != "full":
        yield QUICK.format(name=size.name)
    judged, crowded = valid.judged(measured), valid.crowded(measured)
    for curve in CURVES:
        yield from _section(judged, curve)
        yield from _crowded([point for point in crowded if point.curve == curve.name], curve)
    yield from million.lines(judged)


def _section(measured: Measured, curve: Curve) -> Iterator[str]:
    lines = list(series(measured.points, curve))
    if not lines:
        return
    yield f"## {curve.title}\n"
    yield curve.how.format(**measured.size.model_dump()) + "\n"
    yield f"![Growth with {curve.x}](results/{file_of(curve)})\n"
    heads = (f"law over {curve.x}", *(f"{one.title}, {one.unit}" for one in curve.quantities))
    laws = [(name, *(told(fit(pairs(points, one)), curve, one) for one in curve.quantities)) for name, points in lines]
    yield table(heads, laws)
    heads = ("", curve.x, *(f"{one.title}, {one.unit}" for one in curve.quantities), "load's CPU")
    yield table(heads, [row for name, points in lines for row in _rows(name, points, curve)])
    yield from _reasons(lines)
    yield from _full(measured, curve)


def _rows(name: str, points: Sequence[Point], curve: Curve) -> Iterator[tuple[str, ...]]:
    """A line for each x: the rounds one after the other, those that are not valid in brackets."""
    for x in sorted({point.x for point in points}):
        here = [point for point in points if point.x == x]
        cells = (" · ".join(_cell(point, quantity) for point in here) for quantity in curve.quantities)
        yield name, f"{x:g}", *cells, f"{max(point.load_busy for point in here):.0%}"


def _cell(point: Point, quantity: Quantity) -> str:
    value = quantity.of(point)
    if value is None:
        return "-"
    return f"({value:,.{quantity.decimals}f})" if point.reasons else f"{value:,.{quantity.decimals}f}"


def _reasons(lines: Sequence[tuple[str, tuple[Point, ...]]]) -> Iterator[str]:
    """Why points are not valid, each reason once with where it was met."""
    met: dict[str, list[str]] = {}
    for name, points in lines:
        for point in points:
            for reason in point.reasons:
                met.setdefault(reason, []).append(f"{name} at {point.x:g}")
    for reason, places in met.items():
        yield f"- Not valid: {reason} ({', '.join(dict.fromkeys(places))})"
    if met:
        yield ""


def _full(measured: Measured, curve: Curve) -> Iterator[str]:
    """Where a server was full, and the closed loop waited for it."""
    mine = [p for p in measured.points if p.curve == curve.name and not p.reasons]
    full = sorted((p.target, p.x) for p in mine if (valid.share(measured.size, p) or 1.0) < AMPLE)
    met = [f"{target} at {x:g}" for target, x in full]
    if met:
        yield (
            f"- Full: under {AMPLE:.0%} of the events asked for ({', '.join(dict.fromkeys(met))}). So many streams are "
            "not held at their pace. The users of a closed loop wait for it, so these points count: here the laws "
            "bend.\n"
        )


def _crowded(points: Sequence[Point], curve: Curve) -> Iterator[str]:
    """What was measured once, and is not told."""
    places = [f"{point.target} at {point.x:g} {curve.x}" for point in points]
    if places:
        yield f"- Left out, because it has fewer places: {', '.join(dict.fromkeys(places))}\n"


def told(law: Law | None, curve: Curve, quantity: Quantity) -> str:
    """A law in a table's cell."""
    if law is None:
        return NONE
    if not law.holds:
        return f"no law, read the table (the best of them: {law.kind}, around it {law.spread:.0%})"
    x, digits = curve.x, quantity.decimals + 2
    parts = [
        f"{c:.{_digits(c, digits)}f} ±{h:.{_digits(c, digits)}f}"
        for c, h in zip(law.coefficients, law.half, strict=True)
    ]
    words = {
        "flat": "{0}",
        "line": "{0} + ({1})·x",
        "power": "({0})·x^({1})",
        "bend": "{0} + ({1})·x; from {bend:g} {x} on ({2})·x more",
    }[law.kind]
    return words.format(*parts, bend=law.bend or 0, x=x) + f"; around it {law.spread:.1%}"


def _digits(value: float, least: int) -> int:
    """So many decimals that three digits of the value are told."""
    small = next((n for n in range(8) if abs(value) * 10**n >= 100), 8)
    return max(0, min(small, least + 6))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column left and the others right."""
    rule = [":--", *["--:"] * (len(heads) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (heads, rule, *rows))
