"""The report as one HTML page that needs no network.

Rule: nothing is worked out here; the page is laid out from the stored plan and environment and the analysed verdict,
so the same run gives the same bytes. Style and charts are inside it.
Neighbours: charts draws, units writes figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from jinja2 import Environment as Jinja
from jinja2 import PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from loadtests.analyse import units
from loadtests.analyse.verdict import Panel, Section, Verdict
from loadtests.measure.handwork import Handwork
from loadtests.plan import Plan
from loadtests.report import charts
from loadtests.report.words import question, servers
from loadtests.results import Run
from loadtests.targets import load_targets

BADGES = {
    "holds": ("yes", "✓"),
    "does not hold": ("no", "✗"),
    "depends on the deployment": ("mid", "◐"),
    "not clear in this run": ("none", "?"),
    "not measured in this run": ("none", units.DASH),
}
WAYS = {"higher": "more is better ↑", "lower": "less is better ↓", "neither": "for information"}


@dataclass(frozen=True)
class Curve:
    """A figure over several levels of load, as a line chart."""

    title: str
    way: str
    explain: str
    svg: Markup


def page(run: Run, verdict: Verdict) -> str:
    """The whole page."""
    plan = run.plan
    shape = {target.name: index for index, target in enumerate(plan.targets)}
    jinja = _templates()
    assert jinja.loader is not None
    css = jinja.loader.get_source(jinja, "report.css")[0]
    return jinja.get_template("report.html.j2").render(
        name=run.name,
        plan=plan,
        environment=run.environment,
        gate=run.gate,
        verdict=verdict,
        css=Markup(css),  # noqa: S704 - our own file
        question=question(plan),
        servers=servers(plan),
        command=command(plan),
        shape=shape,
        shapes=charts.SHAPES,
        handwork_pairs=pairs(verdict.handwork),
        badge=lambda word: BADGES[word][0],
        sign=lambda word: BADGES[word][1],
        way=WAYS.__getitem__,
        curves=partial(_curves, shape=shape),
        scale_end=_scale_end,
        strips=_strips,
        columns=lambda section: 3 if len(_strips(section)) % 3 == 0 else 2,
        named=partial(_named, shape=shape),
        rounds=units.rounds,
        strip=charts.strip,
        swatch=charts.swatch,
        median=units.median,
        span=units.span,
        ratio=units.ratio,
        ratio_span=units.ratio_span,
    )


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
    words = ["parity", "compare", *(target.name for target in plan.targets), f"--{plan.mode}"]
    if not {target.name for target in plan.targets} <= load_targets().keys():
        words += ["--targets", "FILE"]
    whole = len(plan.scenarios) == 5
    return " ".join(words + ([] if whole else [f"--only {scenario.name}" for scenario in plan.scenarios]))


def pairs(work: tuple[Handwork, ...]) -> tuple[tuple[Handwork, Handwork], ...]:
    """FastAPI's and Flask's entry of each feature, in the map's order."""
    flask = {item.feature: item for item in work if item.twin == "flask"}
    return tuple((item, flask[item.feature]) for item in work if item.twin == "fastapi")


def _scale_end(panel: Panel) -> str:
    """The number at the right end of a panel's axis, with no more digits than it needs."""
    plain = f"{charts.ceiling(panel):,.3f}".rstrip("0").rstrip(".")
    return f"{plain} {panel.unit}".strip()


def _curves(section: Section, shape: Mapping[str, int]) -> Iterator[Curve]:
    """Line charts, for the figures that are drawn over the levels of load where there are several."""
    for key in dict.fromkeys(panel.key for panel in section.panels if panel.curve):
        over = [panel for panel in section.panels if panel.key == key]
        svg = charts.lines(over, shape)
        if svg:
            explain = f"{over[0].explain} Dashed: the ideal."
            yield Curve(over[0].title, WAYS[over[0].better], explain, svg)


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


def _strips(section: Section) -> tuple[Panel, ...]:
    """The panels drawn as strips: of the highest level, and not those that have a line chart."""
    top = section.levels[-1:]
    several = len(section.levels) > 1
    return tuple(p for p in section.panels if p.chart and (p.users,) == top and not (several and p.curve))
