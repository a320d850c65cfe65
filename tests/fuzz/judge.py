"""Compares what two servers made of the same example: nothing, a known difference, or a find.

Rule: what an app has answered must be the same on both; what a server program refuses before its app sees it may differ
in words. Everything else is a find, unless `known` has an entry that takes exactly these bytes. Neighbours: `exchange`
(the outcomes), `known` (what may differ), `tests.conformance.compare` (two answers).
"""

from dataclasses import dataclass

from tests.conformance.compare import MAY_DIFFER, differences
from tests.conformance.wire import Answer
from tests.fuzz.example import Example
from tests.fuzz.exchange import Outcome

REFUSALS = frozenset({400, 414, 417, 431, 500, 501})
"""What the server programs answer of their own. Neither may say 500 but where `known` says so."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`parts`: where the two begin to differ, in words; None where they do not. `at`: the answer that it is about.

    `failed`: an app has failed, which no known difference excuses.
    """

    parts: str | None = None
    at: int = 0
    failed: bool = False


SAME = Verdict()


def refused(answer: Answer) -> bool:
    """Whether the server program answered, and not its app: an app names the request's id in all but a preflight."""
    return answer.status in REFUSALS and not answer.all("X-Request-ID") and not preflight(answer)


def preflight(answer: Answer) -> bool:
    """Whether it is an answer to a preflight."""
    return bool(answer.all("Access-Control-Allow-Methods"))


def judge(example: Example, one: Outcome, other: Outcome) -> Verdict:
    """Look for failures in all that was answered, then go through both servers' answers until they part."""
    if found := [told for outcome in (one, other) for answer in outcome.answers for told in _failures(answer)]:
        return Verdict("; ".join(found), failed=True)
    for outcome in (one, other):
        if outcome.broken or outcome.ending == "hung":
            return Verdict(_told(one, other, outcome.broken or "hung"), len(outcome.answers))
    for at, (first, second) in enumerate(zip(one.answers, other.answers, strict=False)):
        if refused(first) and refused(second) and 500 not in {first.status, second.status}:
            return SAME
        if refused(first) or refused(second):
            return Verdict(_told(one, other, "one refuses"), at)
        if found := _parted(first, second, example.requests[min(at, len(example.requests) - 1)]):
            return Verdict("; ".join(found), at)
    return _rest(one, other)


def _rest(one: Outcome, other: Outcome) -> Verdict:
    """All answers that both gave are the same: does one have more to say?"""
    fewer, more = sorted((one, other), key=lambda outcome: len(outcome.answers))
    at = len(fewer.answers)
    if len(more.answers) == at:
        return SAME if one.ending == other.ending else Verdict(_told(one, other, "ends otherwise"), at)
    if at and _closes(fewer.answers[-1]):
        return SAME  # it said so: `Connection` may differ
    return Verdict(_told(one, other, "one answers more"), at)


def _parted(one: Answer, other: Answer, sent: bytes) -> list[str]:
    if one.status == other.status and one.body == other.body and _pinned(one) == _pinned(other):
        return []
    if preflight(one) and preflight(other):
        return _preflights(one, other)
    return differences(one, other, sent)


def _pinned(answer: Answer) -> list[tuple[str, str]]:
    return sorted(item for item in answer.headers if item[0] not in MAY_DIFFER)


def _preflights(one: Answer, other: Answer) -> list[str]:
    """What a browser acts on; the rest of a preflight's answer may differ."""
    first, second = (_decision(answer) for answer in (one, other))
    return [] if first == second else [f"the preflight's {first} and {second}"]


def _decision(answer: Answer) -> tuple[object, ...]:
    def listed(name: str) -> list[str]:
        return sorted(part.strip().lower() for value in answer.all(name) for part in value.split(","))

    if not 200 <= answer.status < 300:
        return ("no",)
    headers = [name for name in listed("Access-Control-Allow-Headers") if name]
    return (answer.all("Access-Control-Allow-Origin"), listed("Access-Control-Allow-Methods"), headers)


def _failures(answer: Answer) -> list[str]:
    """What an app must never answer here: the model does not fail, so every 5xx and every `error` event is a bug."""
    if answer.status >= 500 and not refused(answer):
        return [f"a {answer.status}: {answer.body[:200]!r}"]
    if b'{"type":"error"' in answer.body:
        return [f"a stream that failed: {answer.body[-200:]!r}"]
    return []


def _closes(answer: Answer) -> bool:
    return any("close" in value.lower() for value in answer.all("Connection"))


def _told(one: Outcome, other: Outcome, what: str) -> str:
    return f"{what}: {said(one)}, against {said(other)}"


def said(outcome: Outcome) -> str:
    """An outcome in few words."""
    words = [word(outcome, at) for at in range(max(1, len(outcome.answers)))]
    return f"{' '.join(words)}, then {outcome.ending}"


def word(outcome: Outcome, at: int) -> str:
    """The status of an answer, with `!` where the server program gave it and not its app; `nothing` for none."""
    if not 0 <= at < len(outcome.answers):
        return "nothing"
    answer = outcome.answers[at]
    return f"{answer.status}!" if refused(answer) else str(answer.status)
