"""The report as one HTML page that needs no network.

Rule: nothing is worked out here; the page is laid out from what was recorded and the analysed verdict, so the same run
gives the same bytes. Style and charts are inside it.
Neighbours: views and intervals choose the charts, trust the badges, charts draws, units writes figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment as Jinja
from jinja2 import PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from loadtests.analyse import units
from loadtests.analyse.verdict import Cell, Panel, Verdict
from loadtests.levels import LEVELS
from loadtests.measure.handwork import Handwork
from loadtests.plan import Plan
from loadtests.report import charts, fairness, floors, intervals, matrix, trust, views
from loadtests.report.charts import intervals as interval_charts
from loadtests.report.charts import strips, tokens
from loadtests.report.words import question, servers
from loadtests.results import Run
from loadtests.targets import load_targets

LONG = 16  # letters: a longer name needs more room beside its interval
BADGES = {
    "holds": ("yes", "✓"),
    "does not hold": ("no", "✗"),
    "depends on the deployment": ("mid", "◐"),
    "not clear in this run": ("none", "?"),
    "not measured in this run": ("none", units.DASH),
}


def page(run: Run, verdict: Verdict) -> str:
    """The whole page."""
    shape = matrix.shapes(run.plan)
    jinja = _templates()
    assert jinja.loader is not None
    css = jinja.loader.get_source(jinja, "report.css")[0]
    text = jinja.get_template("report.html.j2").render(
        run=run,
        name=run.name,
        plan=run.plan,
        environment=run.environment,
        gate=run.gate,
        verdict=verdict,
        css=Markup(css),  # noqa: S704 - our own file
        question=question(run.plan),
        servers=servers(run.plan),
        command=command(run.plan),
        work=pairs(verdict.handwork),
        trust=trust.badges(run, verdict),
        glance=intervals.of_primaries(verdict.sections, shape),
        matrix=matrix.views(run.plan, verdict, shape),
        legend=matrix.legend(run.plan, shape),
        long=max(map(len, shape), default=0) > LONG,
        costs=views.costs(verdict),
        floored=floors.picture(verdict.floors, shape),
        floor_words=floors.explained(verdict.floors),
        shape=shape,
        **_drawing(shape, verdict),
        **_writing(shape),
    )
    return "\n".join(line for line in text.splitlines() if line.strip()) + "\n"


def _drawing(shape: Mapping[str, int], verdict: Verdict) -> dict[str, Any]:
    """What the templates call for pictures."""
    return {
        "shapes": charts.SHAPES,
        "swatch": charts.swatch,
        "symbols": charts.symbols,
        "glyph": interval_charts.glyph,
        "picture": partial(intervals.of_section, shapes=shape),
        "curves": partial(views.curves, shapes=shape),
        "spectra": partial(matrix.spectra, groups=verdict.matrix, shapes=shape),
        "searches": partial(views.searches, shapes=shape),
        "timelines": partial(views.timelines, shapes=shape),
        "gap": tokens.gap,
        "strips": views.strips,
        "columns": views.columns,
        "strip": strips.strip,
        "strip_end": lambda panel: views.scale_end(strips.end(panel), panel.unit),
        "dumbbell": strips.dumbbell,
        "dumbbell_end": strips.most,
    }


def _writing(shape: Mapping[str, int]) -> dict[str, Any]:
    """What the templates call for words and numbers."""
    return {
        "kept": floors.HELD.__getitem__,
        "judged": floors.JUDGED,
        "badge": lambda word: BADGES[word][0],
        "sign": lambda word: BADGES[word][1],
        "way": views.WAYS.__getitem__,
        "named": partial(_named, shape=shape),
        "noise_of": intervals.noise,
        "tone": intervals.tone,
        "held": views.held,
        "fair_facts": fairness.facts,
        "load_words": views.load_words,
        "own_limits": views.own_limits,
        "rounds": units.rounds,
        "number": units.number,
        "median": units.median,
        "span": units.span,
        "each": each,
        "ratio": units.ratio,
        "ratio_span": units.ratio_span,
        "said": units.said,
        "resolves": lambda panel: units.DASH if panel.resolves is None else units.share(panel.resolves),
    }


def _templates() -> Jinja:
    return Jinja(
        loader=PackageLoader("loadtests.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def command(plan: Plan) -> str:
    """The command that makes a run with this plan again; which file a target of one's own is in, it cannot know."""
    names = [target.name for target in plan.compared]
    words = ["parity", "compare", *names, f"--{plan.which}"]
    words += [] if plan.floors or plan.model == "upstream" else ["--no-floors"]
    words += ["--model upstream"] if plan.model == "upstream" else []
    if not set(names) <= load_targets().keys():
        words += ["--targets", "FILE"]
    whole = len(plan.scenarios) == len(LEVELS[plan.which])
    return " ".join(words + ([] if whole else [f"--only {scenario.name}" for scenario in plan.scenarios]))


def pairs(work: tuple[Handwork, ...]) -> tuple[tuple[Handwork, Handwork], ...]:
    """FastAPI's and Flask's entry of each feature, in the map's order."""
    flask = {item.feature: item for item in work if item.twin == "flask"}
    return tuple((item, flask[item.feature]) for item in work if item.twin == "fastapi")


def each(panel: Panel, cell: Cell) -> str:
    """Every round's own value, in order of play."""
    return ", ".join(units.number(value, panel.decimals) for value in cell.value.values) if cell.value else units.DASH


def _named(text: str, shape: Mapping[str, int]) -> Markup:
    """The text, with each target's name in its colour."""
    if not shape:
        return escape(text)
    names = "|".join(sorted(map(re.escape, shape), key=len, reverse=True))
    parts = re.split(f"({names})", text)
    coloured = (
        Markup('<span class="name t{}">{}</span>').format(shape[part] % charts.SHAPES, part) if part in shape else part
        for part in parts
    )
    return Markup("").join(coloured)
