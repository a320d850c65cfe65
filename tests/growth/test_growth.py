"""What is made of a measurement of growth: its laws, its sum on paper, its page; and that one can be played."""

from statistics import fmean

import pytest

from loadtests.growth import model, page, paper, valid
from loadtests.growth.curves import CURVES, Quantity, pairs
from loadtests.growth.laws import Law, fit
from loadtests.growth.model import Measured, Point
from loadtests.growth.play import play
from loadtests.growth.plot import plot
from loadtests.growth.sizes import FULL, TINY
from loadtests.targets import load_targets
from tests.growth.made_up import LATE, measured

NEAR = 0.15
LAWS = [
    ("streams", "ttft_ms", "flat", (52.0,)),
    ("streams", "own_mib", "line", (40.0, 0.05)),
    ("streams", "cores", "bend", (0.02, 0.0014, -0.0014)),
    ("pace", "cores", "line", (0.01, 0.01)),
    ("length", "cost_us", "power", (300.0, 0.1)),
]


@pytest.fixture(scope="module")
def made() -> Measured:
    """A measurement whose laws are known."""
    return measured()


def law(made: Measured, curve: str, field: str) -> Law:
    """The fitted law of the first target."""
    mine = [point for point in made.points if (point.curve, point.target) == (curve, FULL.targets[0])]
    found = fit(pairs(mine, Quantity(field, "", "")))
    assert found is not None
    return found


@pytest.mark.parametrize(("curve", "field", "kind", "coefficients"), LAWS, ids=str)
def test_the_law_is_found(made: Measured, curve: str, field: str, kind: str, coefficients: tuple[float, ...]) -> None:
    """From noisy points comes the law that made them, each coefficient within twice its interval; late points aside."""
    found = law(made, curve, field)
    assert found.kind == kind
    for value, half, true in zip(found.coefficients, found.half, coefficients, strict=True):
        assert abs(value - true) <= 2 * half


def test_few_points_have_no_law() -> None:
    """Two points are no law; a value that is the same everywhere is a flat one."""
    assert fit([(1.0, 2.0), (2.0, 3.0)]) is None
    assert fit([]) is None
    found = fit([(1.0, 2.0), (2.0, 2.0), (3.0, 2.0), (4.0, 2.0)])
    assert found is not None
    assert found.kind == "flat"


@pytest.mark.parametrize("values", [(1.0, 1.0, 1.0, 1.0, 6.0, 8.0), (8.0, 6.0, 1.0, 1.0, 1.0, 1.0)], ids=str)
def test_a_law_is_not_drawn_down(values: tuple[float, ...]) -> None:
    """A flat law is the mean of its points, however far the high ones are from the low ones; and then it is no law."""
    found = fit([(float(x % 2), y) for x, y in enumerate(values)])
    assert found is not None
    assert found.kind == "flat"
    assert found.coefficients[0] == pytest.approx(fmean(values))
    assert not found.holds


def test_a_law_can_miss_by_any_factor() -> None:
    """Points that grow a hundredfold are a power, and not a flat law far under them that misses each by its share."""
    noise = (0.8, 1.25, 0.9, 1.1, 1.2, 0.85, 1.0, 1.15, 0.95, 1.05)
    places = (50.0, 100.0, 200.0, 400.0, 1_000.0) * 2
    found = fit([(x, 0.05 * x**1.6 * share) for x, share in zip(places, noise, strict=True)])
    assert found is not None
    assert found.kind == "power"
    assert found.coefficients[1] == pytest.approx(1.6, abs=0.2)
    assert found.holds


def test_no_law_is_called_so() -> None:
    """Where points lie too far around the best law, the page says that there is none, and the chart draws none."""
    curve = next(one for one in CURVES if one.name == "length")
    wild = [
        Point(curve="length", target="t", x=x, round=number, ttft_ms=value, load_busy=0.1)
        for x in (10, 100, 500)
        for number, value in enumerate((1.0, 4.0))
    ]
    words = page.told(fit([(p.x, p.ttft_ms or 0.0) for p in wild]), curve, Quantity("ttft_ms", "TTFT", "ms"))
    assert words.startswith("no law, read the table")
    assert 'stroke-width="1.5"' not in plot(wild, curve)


def test_the_interval_grows_beyond_the_points(made: Measured) -> None:
    """A law is surer of its value in the middle of its points than far away from them."""
    found = law(made, "streams", "own_mib")
    assert found.within(600) < found.within(1_000_000)


def test_a_million_is_worked_out(made: Measured) -> None:
    """The sum on paper is the laws' arithmetic: cores by a million, workers by 70% of a core, the memory of both."""
    target = load_targets()[FULL.targets[0]]
    laws = paper.laws_of(made, target.name)
    assert laws is not None
    begun, busy, calm = paper.needs(made, target, laws)
    assert begun.streams_each == pytest.approx((0.7 - 0.02) / 0.0014, rel=NEAR)
    assert begun.workers == pytest.approx(1e6 / begun.streams_each, rel=0.01)
    assert busy.cores == pytest.approx(1e6 * 0.21 / FULL.steady, rel=NEAR)
    assert calm.cores == pytest.approx(1e6 * 0.02 / FULL.steady, rel=NEAR)
    assert busy.workers == pytest.approx(busy.cores / paper.FULL, rel=0.01)
    assert busy.gib == pytest.approx((0.05 * 1e6 + 40 * busy.workers) / 1024, rel=NEAR)
    assert busy.descriptors > 1e6
    assert busy.hosts >= calm.hosts


@pytest.mark.parametrize("name", FULL.targets)
def test_the_paper_agrees_with_what_was_measured(name: str) -> None:
    """On paper a stream that begins and ends costs what it did at the measured size that is nearest."""
    stored = valid.judged(model.load())
    laws, target = paper.laws_of(stored, name), load_targets()[name]
    assert laws is not None
    begun = next(paper.needs(stored, target, laws))
    mine = [p for p in stored.points if (p.curve, p.target) == ("streams", name) and not p.reasons and p.cores]
    near = min((p.x for p in mine), key=lambda x: abs(x - begun.streams_each))
    cost = fmean((p.cores or 0.0) / p.x for p in mine if p.x == near)
    assert begun.each == pytest.approx(cost, rel=NEAR)


def test_the_page_shows_everything(made: Measured) -> None:
    """Every curve that was measured has its chart, law and table; what is not valid is in brackets, with the reason."""
    written = page.page(made)
    for curve in CURVES:
        if any(point.curve == curve.name for point in made.points):
            assert f"## {curve.title}" in written
            assert plot(made.points, curve).count("<circle") > 0
    assert f"Not valid: {LATE}" in written
    assert "(99.000)" in written
    assert "1,000,000 / 28,232 = at least 36" in written


@pytest.mark.timeout(300)  # some seconds of load, and more beside other tests
def test_a_small_measurement() -> None:
    """Three curves are played on a real server: every value asked for is there, with what it took, and no error."""
    played = play(TINY, lambda _: None, only=("pace", "length", "workers"))
    seen = {(point.curve, point.x) for point in played.points}
    assert seen == {(name, x) for name in ("pace", "length", "workers") for x in getattr(TINY, name)}
    assert [reason for point in played.points for reason in point.reasons if "error" in reason] == []
    assert all(point.cost_us for point in played.points if not point.reasons)


def test_page_is_of_the_stored_measurement() -> None:
    """Page and charts are made of the stored file and nothing else."""
    stored = model.load()
    assert model.WRITTEN.read_text("utf-8") == page.page(stored)
    for curve in CURVES:
        drawn = plot(valid.judged(stored).points, curve)
        assert model.STORED.with_name(page.file_of(curve)).read_text("utf-8") == drawn


def test_a_full_core_is_in_no_law_of_cpu() -> None:
    """A core that is full tells nothing of what one stream more costs, so such a point is not fitted."""
    core = next(one for curve in CURVES if curve.name == "streams" for one in curve.quantities if one.field == "cores")
    points = [Point(curve="streams", target="t", x=x, round=0, cores=x, load_busy=0.1) for x in (0.5, 0.9, 0.97, 1.0)]
    assert pairs(points, core) == ((0.5, 0.5), (0.9, 0.9))


def test_points_that_are_not_valid_are_not_fitted() -> None:
    """A point with a reason is in no law, however many there are."""
    bad = [Point(curve="pace", target="t", x=x, round=0, cores=1.0, load_busy=0.1, reasons=("late",)) for x in range(9)]
    assert pairs(bad, Quantity("cores", "CPU", "cores")) == ()
