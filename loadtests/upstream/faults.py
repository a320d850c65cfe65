"""The faults that the upstream can show: one table, with what a server in front of it must answer.

Rule: a fault is asked for by the user's message (`/upstream NAME`) or falls to a seeded share of all calls. Whatever
the upstream says of an error holds `SECRET`, so that a leak can be looked for. Neighbours: `score` (what is sent
instead of an answer), `refusals` (the statuses); tests/resilience/faults plays this table on every target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

SECRET = "upstream-secret-41c9"  # noqa: S105 - no secret: the marker that no client may ever see
COMMAND = "/upstream"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client of a server in front must be told: the status, and the title, in the `error` event too."""

    status: int
    title: str


FAILED = Answer(502, "Bad gateway")
TOO_SLOW = Answer(504, "Gateway timeout")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what the upstream does, and what must come of it (None: the reply is whole all the same)."""

    does: str
    answer: Answer | None


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "hang": Fault("takes the request and sends nothing, not even headers", TOO_SLOW),
        "401": Fault("refuses the key", FAILED),
        "429": Fault("has too many requests, every time, with `Retry-After: 1`", FAILED),
        "429-once": Fault("has too many requests the first time, with `Retry-After: 1`, then answers", None),
        "500": Fault("fails, every time", FAILED),
        "500-once": Fault("fails the first time, then answers", None),
        "slow-first": Fault("sends headers at once, and the first token after `--slow` seconds", TOO_SLOW),
        "stall": Fault("sends some tokens, then nothing more", TOO_SLOW),
        "malformed": Fault("sends some tokens, then a `data:` line that is no JSON", FAILED),
        "cut": Fault("sends some tokens, then closes the connection in the middle of the body", FAILED),
        "cut-clean": Fault("sends some tokens, then ends the body with neither `finish_reason` nor `[DONE]`", FAILED),
        "bad-arguments": Fault("calls a tool with arguments that are no JSON", FAILED),
        "wrong-arguments": Fault("calls a tool with JSON that the tool does not take, then answers", None),
        "unknown-tool": Fault("calls a tool that there is not, then answers", None),
        "endless-tools": Fault("calls a tool again, whatever the tool says", FAILED),
        "huge-token": Fault("sends one token of 10 MB", FAILED),
        "fragments": Fault("calls two tools at once, their arguments in many interleaved fragments", None),
        "error-event": Fault("sends some tokens, then an error object inside the stream", FAILED),
    }
)


def asked_for(message: str) -> str | None:
    """The fault that a user's message asks for: `/upstream NAME`, and whatever words after it; None: none of ours."""
    match message.split():
        case [word, name, *_] if word == COMMAND and name in FAULTS:
            return name
    return None


def table() -> str:
    """The faults as the Markdown table of docs/upstream.md."""
    rows = [(f"`{name}`", fault.does, _said(fault.answer)) for name, fault in FAULTS.items()]
    return _markdown(("fault", "the upstream …", "a server in front answers"), rows)


def _said(answer: Answer | None) -> str:
    return f"{answer.status} {answer.title}" if answer else "the whole reply"


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = (heads, ["---"] * len(heads), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
