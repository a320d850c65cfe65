"""The five claims, and whether this run's figures bear them out.

Rule: every verdict is looked up in a small table from facts that the report shows; the rule is printed beside it.
A claim that was not measured, or not well enough, says so. "FastAPI" is the baseline target, "Flask" every Flask
target in the run; targets of other frameworks have their figures everywhere and no say in a verdict.
Neighbours: analyse gives the sections, handwork the lines, sentences the words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from loadtests.analyse import sentences
from loadtests.analyse.verdict import Holds, Panel, Row, Section, Word
from loadtests.measure.handwork import Handwork, lines_of
from loadtests.plan import Plan

KEEPS_UP = 0.9  # of the model calls that could be in flight
LATE_TTFT_MS = 100.0  # over the model's own time
LATE_ITL = 1.5  # times the model's own gap
MORE = 1.25  # times the lines of the other twin
AS_FAST: frozenset[Word] = frozenset({"higher", "equivalent"})

Share = Literal["all", "some", "none"]
Lines = Literal["more", "alike", "fewer"]

NOT_MEASURED: Holds = "not measured in this run"
NOT_CLEAR: Holds = "not clear in this run"
YES: Holds = "holds"
NO: Holds = "does not hold"
DEPENDS: Holds = "depends on the deployment"

# FastAPI keeps up, which Flask deployments do -> verdict
ASYNC: Mapping[tuple[bool, Share], Holds] = {
    (True, "none"): YES,
    (True, "some"): DEPENDS,
    (True, "all"): NO,
    (False, "none"): NOT_CLEAR,  # the load was more than one core answers, however it waits
    (False, "some"): NO,
    (False, "all"): NO,
}
# every hostile body was caught by all, lines that Flask's twin needs compared with FastAPI's -> verdict
VALIDATION: Mapping[tuple[bool, Lines], Holds] = {
    (True, "more"): YES,
    (True, "alike"): NO,
    (True, "fewer"): NO,
    (False, "more"): NO,
    (False, "alike"): NO,
    (False, "fewer"): NO,
}
# Flask's twin uses an extension for it, lines that it needs compared with FastAPI's -> verdict
DOCS: Mapping[tuple[bool, Lines], Holds] = {
    (True, "more"): YES,
    (True, "alike"): NO,
    (True, "fewer"): NO,
    (False, "more"): NO,
    (False, "alike"): NO,
    (False, "fewer"): NO,
}
# Flask deployments that FastAPI is faster than, whether another is told to be as fast or faster -> verdict
PERFORMANCE: Mapping[tuple[Share, bool], Holds] = {
    ("all", False): YES,
    ("some", True): DEPENDS,
    ("some", False): NOT_CLEAR,
    ("none", True): NO,
    ("none", False): NOT_CLEAR,
}
# FastAPI is on time, which Flask deployments are, lines that Flask's twin needs -> verdict
STREAM: Mapping[tuple[bool, Share, Lines], Holds] = {
    **{(False, share, lines): NO for share in ("all", "some", "none") for lines in ("more", "alike", "fewer")},
    **{(True, "none", lines): YES for lines in ("more", "alike", "fewer")},
    **{(True, "some", lines): DEPENDS for lines in ("more", "alike", "fewer")},
    (True, "all", "more"): YES,
    (True, "all", "alike"): NO,
    (True, "all", "fewer"): NO,
}


@dataclass(frozen=True)
class Facts:
    """What a claim is judged from."""

    plan: Plan
    section: Section
    work: tuple[Handwork, ...]

    @property
    def flask(self) -> tuple[str, ...]:
        """The Flask targets of the run."""
        return tuple(t.name for t in self.plan.compared if t.framework == "flask")

    @property
    def workers(self) -> Mapping[str, int]:
        """Target -> its worker processes."""
        return {target.name: target.workers for target in self.plan.compared}


@dataclass(frozen=True)
class Claim:
    """A row: what is said, how it is judged, the rule in words, and the repository's documents with the rest."""

    key: str
    title: str
    said: str
    scenario: str
    judge: Callable[[Facts], Holds]
    measured: Callable[[Facts], str]
    rule: str
    elsewhere: str


def judge(plan: Plan, sections: tuple[Section, ...], work: tuple[Handwork, ...]) -> tuple[Row, ...]:
    """The five rows, in the source's order."""
    return tuple(_row(claim, plan, sections, work) for claim in CLAIMS)


def _row(claim: Claim, plan: Plan, sections: tuple[Section, ...], work: tuple[Handwork, ...]) -> Row:
    section = next((s for s in sections if s.scenario == claim.scenario), None)
    holds, measured = NOT_MEASURED, f"The scenario {claim.scenario} was not part of this run."
    if section is not None:
        facts = Facts(plan, section, work)
        holds, measured = (claim.judge(facts) if _comparable(facts) else NOT_MEASURED), claim.measured(facts)
    return Row(
        key=claim.key,
        title=claim.title,
        claim=claim.said,
        measured=measured,
        holds=holds,
        rule=claim.rule,
        scenario=claim.scenario,
        elsewhere=claim.elsewhere,
    )


def _comparable(facts: Facts) -> bool:
    frameworks = {target.framework for target in facts.plan.compared}
    return {"fastapi", "flask"} <= frameworks


def _share(yes: Iterable[bool]) -> Share:
    answers = tuple(yes)
    return "all" if all(answers) else "some" if any(answers) else "none"


def _lines(facts: Facts, feature: str) -> Lines | None:
    lines = lines_of(facts.work, feature)
    if not {"fastapi", "flask"} <= lines.keys():
        return None
    if lines["flask"] >= MORE * lines["fastapi"]:
        return "more"
    return "fewer" if lines["fastapi"] >= MORE * lines["flask"] else "alike"


def _measured(panel: Panel | None, targets: Iterable[str]) -> bool:
    return panel is not None and all(panel.median(target) is not None for target in targets)


def _async(facts: Facts) -> Holds:
    panel, base = facts.section.panel("held"), facts.plan.baseline
    if panel is None or not _measured(panel, (base, *facts.flask)):
        return NOT_MEASURED
    keeps = {t: (panel.median(t) or 0) >= KEEPS_UP * panel.level.amount for t in (base, *facts.flask)}
    return ASYNC[keeps[base], _share(keeps[t] for t in facts.flask)]


def _validation(facts: Facts) -> Holds:
    panel, lines = facts.section.panel("caught"), _lines(facts, "validation")
    targets = (facts.plan.baseline, *facts.flask)
    if panel is None or lines is None or not _measured(panel, targets):
        return NOT_MEASURED
    return VALIDATION[all((panel.median(t) or 0) >= 100 for t in targets), lines]


def _docs(facts: Facts) -> Holds:
    panel, lines = facts.section.panel("operations"), _lines(facts, "documentation")
    if lines is None or not _measured(panel, (facts.plan.baseline, *facts.flask)):
        return NOT_MEASURED
    return DOCS[bool(sentences.extensions(facts.work, "documentation", "flask")), lines]


def _performance(facts: Facts) -> Holds:
    panel = facts.section.panel("throughput")
    if panel is None or not _measured(panel, (facts.plan.baseline, *facts.flask)):
        return NOT_MEASURED
    words = [ratio.word if (ratio := panel.cell(target).ratio) else None for target in facts.flask]
    if None in words:
        return NOT_MEASURED
    return PERFORMANCE[_share(word == "lower" for word in words), any(word in AS_FAST for word in words)]


def _stream(facts: Facts) -> Holds:
    lines, base = _lines(facts, "streaming"), facts.plan.baseline
    ttft, itl = facts.section.panel("ttft_p99"), facts.section.panel("itl_p99")
    targets = (base, *facts.flask)
    if ttft is None or itl is None or lines is None or not (_measured(ttft, targets) and _measured(itl, targets)):
        return NOT_MEASURED
    on_time = {target: _on_time(ttft, itl, target) for target in targets}
    found = {  # a target of which it is not known may be either; the claim is judged where that changes nothing
        STREAM[known[base], _share(known[t] for t in facts.flask), lines]
        for answers in product(*on_time.values())
        for known in [dict(zip(on_time, answers, strict=True))]
    }
    return found.pop() if len(found) == 1 else NOT_CLEAR


def _on_time(ttft: Panel, itl: Panel, target: str) -> tuple[bool, ...]:
    """Whether it is, by the first token and by the gaps; both answers where that is up to gaps that are unreliable."""
    if (ttft.median(target) or 0) > (ttft.ideal or 0) + LATE_TTFT_MS:
        return (False,)
    if itl.cell(target).mark:
        return (True, False)
    return ((itl.median(target) or 0) <= (itl.ideal or 0) * LATE_ITL,)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        key="async",
        title="Async support",
        said="FastAPI waits for many model calls at once by itself; Flask needs something added.",
        scenario="async",
        judge=_async,
        measured=lambda facts: sentences.held(facts.section, facts.workers),
        rule=f"A deployment keeps up when it holds {KEEPS_UP:.0%} of the model calls that the users could have in "
        "flight, at the highest load. Holds: FastAPI keeps up and no Flask deployment does. Depends: some do. "
        "Does not hold: all do, or FastAPI does not and a Flask deployment does. Nothing is said when none does.",
        elsewhere="What more workers do: docs/growth.md.",
    ),
    Claim(
        key="validation",
        title="Type validation",
        said="FastAPI checks request bodies automatically; in Flask it is done by hand.",
        scenario="validation",
        judge=_validation,
        measured=lambda facts: sentences.caught(facts.section, facts.work),
        rule="Holds: every body got the status the contract asks for, and Flask's twin needs at least "
        f"{MORE:g} times the lines of FastAPI's for it. Otherwise it does not hold.",
        elsewhere="What validation alone costs: docs/layers.md; 100,000 bodies more: docs/fuzz.md.",
    ),
    Claim(
        key="docs",
        title="API documentation",
        said="FastAPI generates its documentation; Flask needs an extension for that.",
        scenario="docs",
        judge=_docs,
        measured=lambda facts: sentences.documented(facts.section, facts.work),
        rule="Holds: Flask's twin uses an extension for it and needs at least "
        f"{MORE:g} times the lines by hand that FastAPI's needs for a document as complete. Otherwise it does "
        "not hold.",
        elsewhere="How true the documents are, by Schemathesis: docs/schemathesis.md.",
    ),
    Claim(
        key="performance",
        title="Performance",
        said="FastAPI performs highly, Flask moderately.",
        scenario="chat",
        judge=_performance,
        measured=lambda facts: sentences.performed(facts.section),
        rule="By requests per second of POST /chat. Holds: every Flask deployment measured is slower than FastAPI. "
        "Depends: some are slower, and another is as fast (within 3%) or faster. Does not hold: none is slower, and "
        "one is as fast or faster. Where neither is told from this many rounds, nothing is said.",
        elsewhere="Where the time goes: docs/layers.md; other loads and more workers: docs/growth.md.",
    ),
    Claim(
        key="streaming",
        title="Streaming responses",
        said="FastAPI streams server-sent events natively; in Flask that takes more.",
        scenario="stream",
        judge=_stream,
        measured=lambda facts: sentences.streamed(facts.section, facts.work),
        rule=f"On time means: TTFT p99 within {LATE_TTFT_MS:g} ms of the model's own, and ITL p99 within "
        f"{LATE_ITL:g} times the model's own gap. Holds: FastAPI is on time and either no Flask deployment is, or all "
        f"are but Flask's twin needs {MORE:g} times the lines. Depends: some Flask deployments are. Otherwise it does "
        "not hold. Nothing is said where that is up to gaps that are unreliable.",
        elsewhere="Clients that leave: docs/resilience/cancellation.md; slow readers: docs/resilience/limits.md.",
    ),
)


def answer(plan: Plan, sections: tuple[Section, ...], rows: tuple[Row, ...]) -> str:
    """One sentence that answers the title, from the performance figures and the count of verdicts."""
    chat = next((s for s in sections if s.scenario == "chat"), None)
    panel = chat.panel("throughput") if chat else None
    flask = tuple(t.name for t in plan.compared if t.framework == "flask")
    others = tuple(t.name for t in plan.compared if t.framework not in {"fastapi", "flask"})
    front = sentences.IN_FRONT[plan.model]
    if panel and others and not flask:
        return f"{front}{sentences.compared(panel)} {sentences.NOT_ABOUT_THESE}"
    opening = sentences.decides(panel, plan.baseline, flask)
    parts = (opening, sentences.beside(panel, others), sentences.tally(tuple(row.holds for row in rows)))
    return front + " ".join(filter(None, parts))
