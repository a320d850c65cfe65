"""Which charts a section has, in which order and under which words: curves, spectra, searches, streams, strips.

Rule: a view is a heading, a sentence, a picture and the key beside it, ready for the template; a section without the
data for a chart has no such view. Neighbours: charts draws, html hands views to the template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from markupsafe import Markup

from loadtests.analyse import units
from loadtests.analyse.knee_values import Knee
from loadtests.analyse.verdict import Panel, Section, Spectrum, StreamLine, Verdict
from loadtests.report.charts import axis, loads, tokens
from loadtests.report.charts.spectrum import spectrum
from loadtests.report.words import main_levels
from loadtests.scenarios import find
from loadtests.slo import Time, parse

WORDS = {"higher": "more is better", "lower": "less is better", "neither": "for information"}
WAYS = WORDS | {"higher": "more is better ↑", "lower": "less is better ↓"}
# what a server costs: shown together in a section of its own, so these have no strip in their scenario's
COSTS = (("chat", "cpu_ms"), ("stream", "cpu_million"), ("stream", "mib_stream"), ("chat", "rss"))
# figures of a search that are drawn against load: attribute, title, unit, the terms of the objective that limit it
_SEARCHED = (
    ("ttft_p99_ms", "Time to first token, p99", "ms", ("ttft_p99",)),
    ("itl_p99_ms", "Gap between tokens, p99", "ms", ("itl_p99",)),
    ("latency_p99_ms", "Latency p99", "ms", ("latency_intended_p99", "latency_p99")),
    ("goodput", "Goodput", "answers or streams per second that met the scenario's own limits", ()),
)


@dataclass(frozen=True)
class Chart:
    """A plot with its heading; `key` is (target, what is said of it here)."""

    title: str
    way: str
    explain: str
    svg: Markup
    key: tuple[tuple[str, str], ...]
    open: bool = True


@dataclass(frozen=True)
class Stream:
    """One row of the token timeline."""

    line: StreamLine
    said: str
    svg: Markup


@dataclass(frozen=True)
class Timeline:
    """The worst streams at one level, on one axis."""

    level: str
    rows: tuple[Stream, ...]
    ruler: Markup


def curves(section: Section, shapes: Mapping[str, int]) -> Iterator[Chart]:
    """Figures that are drawn over the levels of load, where there are several."""
    for key in dict.fromkeys(panel.key for panel in section.panels if panel.curve):
        over = [panel for panel in section.panels if panel.key == key and panel.level.users is not None]
        if svg := loads.levels(over, shapes):
            last = over[-1]
            said = tuple((cell.target, units.median(last, cell)) for cell in last.cells)
            explain = f"{over[0].explain} Dashed: the ideal. Across: users at once. Named: at {last.level.label}."
            yield Chart(over[0].title, WAYS[over[0].better], explain, svg, said)


def spectra(section: Section, shapes: Mapping[str, int]) -> Iterator[Chart]:
    """A plot for each figure and level; an open loop's two latencies are one plot."""
    main = main_levels(section)
    for figure, level in dict.fromkeys((s.figure, s.level) for s in section.spectra):
        naive = figure == "latency" and level.rate is not None
        paired = [s for s in section.spectra if s.level == level and s.figure == "latency_intended"]
        if naive and paired:
            continue
        lines = [s for s in section.spectra if (s.figure, s.level) == (figure, level) and drawable(s)]
        dashed = [s for s in section.spectra if (s.figure, s.level) == ("latency", level) and drawable(s)]
        if lines:
            chart = _spectrum(lines, dashed if figure == "latency_intended" else [], shapes)
            yield replace(chart, open=level in main)


def drawable(line: Spectrum) -> bool:
    """Whether it has more than its slowest value."""
    return any(percentile < 100 for percentile, _ in line.points)


def _spectrum(lines: Sequence[Spectrum], naive: Sequence[Spectrum], shapes: Mapping[str, int]) -> Chart:
    explain = "Up: ms."
    if naive:
        explain += " Full: from when each should have been sent. Dashed: from when it was, which leaves waiting out."
    said = tuple((line.target, _tail(line)) for line in lines)
    return Chart(
        f"{lines[0].title}, {lines[0].level.label}", WAYS["lower"], explain, spectrum(lines, naive, shapes), said
    )


def _tail(line: Spectrum) -> str:
    """The percentile that is named beside the plot: p99, or the highest below it that is known."""
    percentile, ms = max((point for point in line.points if point[0] <= 99.0), default=line.points[0])
    return f"p{percentile:g} {units.amount(ms, 1, 'ms')}"


def searches(section: Section, shapes: Mapping[str, int]) -> Iterator[Chart]:
    """Figures against load, from the searches for the knee."""
    if section.knees is None:
        return
    limits = {term.what: term.most for term in parse(section.knees.slo).terms if isinstance(term, Time)}
    stream = any(point.ttft_p99_ms is not None for knee in section.knees.cells for point in knee.points)
    for field, title, unit, terms in _SEARCHED:
        if field == "latency_p99_ms" and stream:
            continue
        limit = next((limits[term] for term in terms if term in limits), None)
        svg = loads.search(section.knees.cells, attrgetter(field), shapes, limit, title)
        if svg:
            way = WAYS["higher" if field == "goodput" else "lower"]
            own = f" ({own_limits(section.scenario)})" if field == "goodput" else ""
            explain = f"Up: {unit}{own}. Across: {load_words(section.knees.unit)}."
            yield Chart(title, way, explain, svg, ())


def own_limits(scenario: str) -> str:
    """What each request must meet to count as goodput: fixed in the scenario, whatever a search is held to."""
    slo = find(scenario).slo
    parts = (
        ("answered within {:g} ms", slo.latency_ms),
        ("first token within {:g} ms", slo.ttft_ms),
        ("longest gap between tokens at most {:g} ms", slo.longest_gap_ms),
    )
    return ", ".join(text.format(ms) for text, ms in parts if ms is not None)


def load_words(unit: str) -> str:
    """What a search raises."""
    return "streams at once" if unit == "users" else "requests per second offered"


def held(knee: Knee, unit: str, *, stream: bool) -> str:
    """What a search found, in words."""
    what = ("streams" if stream else "users") if unit == "users" else unit
    low, high = (None if value is None else f"{value:,.0f}" for value in (knee.low, knee.high))
    if low is None:
        return f"holds nowhere: fails at {high} {what} already" if high else "no probe could tell"
    if high is not None:
        return f"holds {'about ' if knee.short else ''}{low} {what}, fails at {high}"
    ends = {
        "generator": "the generator's limit, not the server's",
        "plan": "no higher load was tried",
        "unfinished": "the search was cut short",
        "server": "never seen to fail",
    }
    return f"holds at least {low} {what}: {ends[knee.limit]}"


def timelines(section: Section, shapes: Mapping[str, int]) -> Iterator[Timeline]:
    """The worst stream of each target, a picture for each level."""
    for level in dict.fromkeys(line.level for line in section.worst_streams):
        lines = [line for line in section.worst_streams if line.level == level and line.tokens_ms]
        if lines:
            scale = tokens.scale(lines)
            rows = tuple(Stream(n, _worst(n), tokens.timeline(n, scale, shapes[n.target])) for n in lines)
            yield Timeline(level.label, rows, tokens.ruler(scale))


def _worst(line: StreamLine) -> str:
    return f"longest gap {line.longest_gap_ms:,.0f} ms, of {len(line.tokens_ms)} tokens, in round {line.round}"


def strips(section: Section) -> tuple[Panel, ...]:
    """The panels drawn as strips: at the main levels, without curves and costs."""
    several = sum(level.users is not None for level in section.levels) > 1
    return tuple(
        panel
        for panel in section.panels
        if panel.chart
        and panel.level in main_levels(section)
        and not (several and panel.curve and panel.level.users is not None)
        and (panel.scenario, panel.key) not in COSTS
    )


def columns(count: int) -> int:
    """How many cards stand side by side where there is room: no row with one card alone, if that can be."""
    return count if count < 4 else 3 if count % 3 == 0 or count > 4 else 2


def costs(verdict: Verdict) -> tuple[Panel, ...]:
    """What a server costs, each at the main level of its scenario."""
    found = ((verdict.section(scenario), key) for scenario, key in COSTS)
    panels = [section.panel(key, level) for section, key in found if section for level in main_levels(section)[:1]]
    return tuple(panel for panel in panels if panel and any(cell.value for cell in panel.cells))


def scale_end(end: float, unit: str) -> str:
    """The number at the right end of a strip's axis, with no more digits than it needs."""
    return f"{axis.plain(end)} {unit}".strip()
