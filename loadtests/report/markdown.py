"""The report as a short Markdown summary, for a README or a pull request.

Rule: the same verdict as the page, nothing more. Neighbours: html is the long form, terminal the shortest.
"""

from __future__ import annotations

from jinja2 import Environment as Jinja
from jinja2 import PackageLoader, StrictUndefined

from loadtests.analyse import units
from loadtests.analyse.verdict import Verdict
from loadtests.report import floors, intervals, matrix, trust, views
from loadtests.report.words import question
from loadtests.results import Run


def summary(run: Run, verdict: Verdict) -> str:
    """The whole text, ending in one newline."""
    jinja = Jinja(  # noqa: S701 - Markdown, not HTML; its figures and names are our own
        loader=PackageLoader("loadtests.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    text = jinja.get_template("summary.md.j2").render(
        run=run,
        plan=run.plan,
        matrix=matrix.views(run.plan, verdict, matrix.shapes(run.plan)),
        environment=run.environment,
        gate=run.gate,
        verdict=verdict,
        question=question(run.plan),
        median=units.median,
        compared=units.compared,
        ratio_span=units.ratio_span,
        way=views.WORDS.__getitem__,
        noise_of=intervals.noise,
        held=views.held,
        floor_words=floors.explained(verdict.floors),
        against=floors.said,
        judged=floors.JUDGED,
        trust=trust.badges(run, verdict),
    )
    return text.rstrip() + "\n"
