"""What was measured, in one sentence each: the words of the five rows and of the answer.

Rule: a sentence is made of figures that the report shows below it, and says "not measured well enough" where one is
missing; no sentence has a number of its own. Neighbours: claims asks for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from loadtests.analyse import units
from loadtests.analyse.knee_values import Knee
from loadtests.analyse.verdict import Cell, Holds, Panel, Section, Word
from loadtests.measure.handwork import Handwork, lines_of
from loadtests.plan import Model

MISSING = "not measured well enough for a verdict"
NOT_ABOUT_THESE = "What is commonly said of FastAPI and Flask is judged only where both are measured."
IN_FRONT: Mapping[Model, str] = {"scripted": "", "upstream": "In front of an OpenAI-compatible model server: "}
# packages that a twin cannot do without: using them is no extension
INHERENT = frozenset({"fastapi", "starlette", "flask", "werkzeug", "pydantic", "pydantic_core", "anyio"})


def amount(panel: Panel, target: str, *, unit: bool = True) -> str:
    """A target's median in words, and whether it is not to be relied on."""
    value = panel.median(target)
    if value is None:
        return MISSING
    mark = " (unreliable)" if panel.cell(target).mark else ""
    return f"{units.amount(value, panel.decimals, panel.unit if unit else '')}{mark}"


def compared(panel: Panel | None) -> str:
    """A figure of every target, with its ratio to the baseline."""
    if panel is None:
        return f"Requests per second were {MISSING}."
    parts = (_against(panel, cell) for cell in panel.cells)
    return f"{panel.title} with {panel.level.label}: {'; '.join(parts)}."


def performed(section: Section) -> str:
    """Requests per second of every target against the baseline, and the most that each holds."""
    return _joined(compared(section.panel("throughput")), most(section))


def held(section: Section, workers: Mapping[str, int]) -> str:
    """Model calls in flight at the highest load, what was open at the client, and the health check meanwhile."""
    panel, health = section.panel("held"), section.panel("health_p99")
    if panel is None:
        return f"Calls in flight were {MISSING}."
    parts = (_in_flight(panel, cell.target, workers.get(cell.target, 1)) for cell in panel.cells)
    text = (
        f"Of {panel.level.users} calls that could wait for a 200 ms model at once, there were in flight, by Little's "
        f"law: {', '.join(parts)}."
    )
    checked = _each(health, "A health check took at p99") if health else ""
    return _joined(text, _opened(section), checked, most(section))


def _in_flight(panel: Panel, target: str, workers: int) -> str:
    """A target's calls in flight, and each worker's where there are several."""
    value, text = panel.median(target), f"{target} {amount(panel, target, unit=False)}"
    if workers < 2 or value is None:
        return text
    return f"{text} ({units.amount(value / workers, panel.decimals, '')} for each of {workers} workers)"


def _opened(section: Section) -> str:
    """Requests open at the client as it counted them, beside what Little's law makes of their latency."""
    counted, law = (_span(section.panel(key)) for key in ("open_mean", "littles_law"))
    if not counted or not law:
        return ""
    return f"Counted by the client, {counted} were open on average (throughput times latency: {law}): the rest waited."


def _span(panel: Panel | None) -> str:
    """The targets' medians from the least to the most; "" where one is missing."""
    values = [panel.median(cell.target) for cell in panel.cells] if panel else []
    known = [value for value in values if value is not None]
    if panel is None or not known or len(known) < len(values):
        return ""
    ends = dict.fromkeys(units.amount(value, 0, "") for value in (min(known), max(known)))
    return " to ".join(ends)


def most(section: Section) -> str:
    """The most that each target held in its search, within its objective; "" where none was made."""
    knees = section.knees
    if knees is None:
        return ""
    what = knees.unit if knees.unit != "users" else "streams" if section.scenario == "stream" else "users"
    parts = (f"{knee.target} {_most(knee)}" for knee in knees.cells)
    return f"The most {what} within {knees.slo}: {', '.join(parts)}."


def _most(knee: Knee) -> str:
    if knee.low is None:
        return "none"
    word = "at least " if knee.high is None else "about " if knee.short else ""
    return f"{word}{knee.low:,.0f}"


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))


def caught(section: Section, work: tuple[Handwork, ...]) -> str:
    """Whether everything hostile was caught, and the lines it took."""
    panel = section.panel("caught")
    if panel is None:
        return f"What is caught was {MISSING}. {hand(work, 'validation')}"
    values = {panel.median(cell.target) for cell in panel.cells}
    if values == {100.0}:
        text = "Every body, valid or hostile, got the status that the contract asks for, from all."
    else:
        text = _each(panel, "Answers with the contract's status")
    lines = f"{hand(work, 'validation')} FastAPI's go into putting the contract's checks before its own."
    return _joined(text, lines, _cost(section))


def _cost(section: Section) -> str:
    """What an accepted and a refused body took."""
    accepted, refused = section.panel("accepted_p50"), section.panel("refused_p50")
    if accepted is None or refused is None:
        return ""
    parts = (
        f"{cell.target} {amount(accepted, cell.target, unit=False)} and {amount(refused, cell.target)}"
        for cell in accepted.cells
    )
    return f"Accepted and refused at p50: {', '.join(parts)}."


def documented(section: Section, work: tuple[Handwork, ...]) -> str:
    """What the generated documents hold, and what they took."""
    operations, responses = section.panel("operations"), section.panel("responses")
    if operations is None or responses is None:
        return f"The documents were {MISSING}. {hand(work, 'documentation')}"
    counts = {
        cell.target: f"{amount(operations, cell.target)} operations with {amount(responses, cell.target)} responses"
        for cell in operations.cells
    }
    found = set(counts.values())
    text = (
        f"All document {found.pop()}."
        if len(found) == 1
        else "; ".join(f"{target} documents {count}" for target, count in counts.items()) + "."
    )
    used = extensions(work, "documentation", "flask")
    extra = f" Flask's uses {' and '.join(used)}." if used else ""
    return f"{text} {hand(work, 'documentation')}{extra}"


def streamed(section: Section, work: tuple[Handwork, ...]) -> str:
    """First token and gaps of every target, and the lines."""
    ttft, itl = section.panel("ttft_p99"), section.panel("itl_p99")
    if ttft is None or itl is None:
        return f"Token times were {MISSING}. {hand(work, 'streaming')}"
    parts = (
        f"{cell.target} {amount(ttft, cell.target, unit=False)} and {amount(itl, cell.target)}" for cell in ttft.cells
    )
    opening = f"With {ttft.level.label}, first token and gap between tokens at p99 (the model's own: "
    own = f"{ttft.ideal or 0:g} and {itl.ideal or 0:g} ms)"
    return _joined(f"{opening}{own}: {', '.join(parts)}.", most(section), hand(work, "streaming"))


def hand(work: tuple[Handwork, ...], feature: str) -> str:
    """Lines by hand of both twins."""
    lines = lines_of(work, feature)
    if not {"fastapi", "flask"} <= lines.keys():
        return ""
    return f"Lines by hand: FastAPI {lines['fastapi']}, Flask {lines['flask']}."


def extensions(work: tuple[Handwork, ...], feature: str, twin: str) -> tuple[str, ...]:
    """Packages that a twin's lines for a feature use beyond the framework itself."""
    used = (item.packages for item in work if item.feature == feature and item.twin == twin)
    return tuple(sorted({package for packages in used for package in packages} - INHERENT))


# how the Flask deployments' throughput stands to FastAPI's -> the opening
_DECIDES: Mapping[frozenset[Word | None], str] = {
    frozenset({"lower"}): "FastAPI answered more than every Flask deployment measured",
    frozenset({"higher"}): "Every Flask deployment measured answered more than FastAPI",
    frozenset({"equivalent"}): "FastAPI and every Flask deployment measured answered as many, within 3%",
    frozenset({"no clear difference"}): "No clear difference in throughput",
    frozenset({None}): "Too few rounds for a verdict on throughput",
}
_DEPENDS = "Throughput depends on the deployment"
_PARTLY = "Throughput was told apart for some deployments and not for others"


def decides(panel: Panel | None, baseline: str, flask: tuple[str, ...]) -> str:
    """The answer's first half: which framework answers more, or that it depends on the deployment."""
    ratios = {t: ratio for t in flask if panel and (ratio := panel.cell(t).ratio)}
    if panel is None or not ratios:
        return "This run does not answer it by throughput."
    order = sorted(ratios, key=lambda target: ratios[target].value, reverse=True)
    parts = [f"{baseline} answered {amount(panel, baseline)}"]
    parts += [f"{t} {amount(panel, t, unit=False)}, {units.compared(panel, ratios[t])}" for t in order]
    figures = "; ".join(parts)
    return f"{_opening(frozenset(ratio.word for ratio in ratios.values()))}: {figures}."


def _opening(words: frozenset[Word | None]) -> str:
    if words in _DECIDES:
        return _DECIDES[words]
    both_ways = "lower" in words and words & {"higher", "equivalent"}
    return _DEPENDS if both_ways or words == {"higher", "equivalent"} else _PARTLY


def beside(panel: Panel | None, others: tuple[str, ...]) -> str:
    """What deployments of other frameworks answered, beside the two that the question is about."""
    cells = [cell for cell in panel.cells if cell.target in others] if panel else []
    parts = (_against(panel, cell) for cell in cells if panel)
    return f"Beside the two: {'; '.join(parts)}." if cells else ""


def tally(verdicts: Iterable[Holds]) -> str:
    """The answer's second half: how the five claims fared."""
    counts = Counter(verdicts)
    words: Mapping[Holds, str] = {
        "holds": "{} held",
        "depends on the deployment": "{} depended on the deployment",
        "does not hold": "{} did not hold",
        "not clear in this run": "{} stayed unclear",
        "not measured in this run": "{} could not be judged",
    }
    parts = [text.format(counts[verdict]) for verdict, text in words.items() if counts[verdict]]
    joined = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    return f"Of the five things commonly said of the two, {joined}."


def _against(panel: Panel, cell: Cell) -> str:
    """A target's figure, and how it stands to the baseline."""
    tail = f", {units.compared(panel, cell.ratio)}" if cell.ratio else ""
    return f"{cell.target} {amount(panel, cell.target)}{tail}"


def _each(panel: Panel, opening: str) -> str:
    parts = (f"{cell.target} {amount(panel, cell.target)}" for cell in panel.cells)
    return f"{opening}: {', '.join(parts)}."
