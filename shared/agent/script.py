"""What the scripted model says: a conversation in, the steps of its answer out.

Rule: pure and without randomness, so the same conversation always gets the same steps; variety comes from a
hash of the message. The first table that knows the message decides: faults (only when asked for), tool calls,
prose. Neighbours: `words` (the sentences), `scripted` (plays the steps in time), `tools` (what it calls).
"""

import re
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import chain
from typing import Any

from shared.agent import words
from shared.agent.model import Assistant, End, Text, ToolCall, ToolResult, User, Utterance
from shared.agent.tools import ERROR, shorten

MAX_CALLS = 8  # of one message, however many it asks for


class Fault(Enum):
    """A step that is no answer: the model fails, its code crashes, or nothing ever comes."""

    FAIL = "fail"
    CRASH = "crash"
    HANG = "hang"


Step = Text | ToolCall | End | Fault

_FAULTS: Mapping[str, tuple[Step, ...]] = {
    "/fail": (Fault.FAIL,),
    "/crash": (Fault.CRASH,),
    "/hang": (Fault.HANG,),
    "/stall": (*map(Text, ("Let", " me", " think", " about", " that")), Fault.FAIL),
}

# What a part of a message must say for a tool to be called, and the arguments that are then read from it.
_CALLS: tuple[tuple[str, str, Callable[[str], dict[str, Any]]], ...] = (
    (r"\bcalculate (.+)", "calculate", lambda found: {"expression": found.rstrip(" ?,;")}),
    (r"\btime (?:is it )?in (\S+)", "get_time", lambda found: {"zone": found.rstrip("?!.,;")}),
    (r"\bdid i (?:say|ask) (first)\b", "recall", lambda _: {"which": "first"}),
    (r"\bdid i (?:say|ask) (before|last)\b", "recall", lambda _: {"which": "last"}),
    (r"\bi (?:say|said|ask|asked) (so far)\b", "recall", lambda _: {"which": "all"}),
)

_PIECE = re.compile(r"\s*\S{1,12}|\s+\Z")


def script(conversation: Sequence[Utterance], tools: Collection[str], *, faults: bool) -> tuple[Step, ...]:
    """The steps of the answer to `conversation`; `tools` names those that may be called."""
    said = [utterance.content for utterance in conversation if isinstance(utterance, User)]
    message = said[-1] if said else ""
    number = zlib.crc32(f"{len(said)} {message}".encode("utf-8", "replace"))
    results = _trailing_results(conversation)
    if results:
        before = conversation[-len(results) - 1]
        apart = "\n\n" if isinstance(before, Assistant) and before.content else ""
        return (*_tokens(apart + _about(results), " " + _pick(words.AFTER_RESULTS, number)), End())
    if faults and (fault := _FAULTS.get(message.split(maxsplit=1)[0] if message.strip() else "")):
        return fault
    if calls := _calls(message, tools, prefix=f"call-{len(conversation)}"):
        return (*tokens(_pick(words.LEAD_INS, number)), *calls, End())
    return (*_tokens(*_prose(said, number)), End())


@lru_cache(maxsize=256)
def tokens(text: str) -> tuple[Text, ...]:
    """`text` in word-like pieces, each with the white space before it; joined they are `text` again."""
    return tuple(map(Text, _PIECE.findall(text)))


def _tokens(*parts: str) -> Iterable[Text]:
    """Those of all parts, each cut by itself: so the sentences of `words`, which come again and again, are cut once."""
    return chain.from_iterable(map(tokens, parts))


def _trailing_results(conversation: Sequence[Utterance]) -> list[ToolResult]:
    results: list[ToolResult] = []
    for utterance in reversed(conversation):
        if not isinstance(utterance, ToolResult):
            break
        results.insert(0, utterance)
    return results


def _calls(message: str, tools: Collection[str], prefix: str) -> tuple[ToolCall, ...]:
    offered = tuple(tools)
    found = (call for part in " ".join(message.split()).split(" and ") if (call := _call(part, offered)))
    numbered = zip(range(1, MAX_CALLS + 1), found, strict=False)
    return tuple(ToolCall(f"{prefix}-{number}", name, arguments) for number, (name, arguments) in numbered)


@lru_cache(maxsize=256)
def _call(part: str, tools: tuple[str, ...]) -> tuple[str, dict[str, Any]] | None:
    for pattern, name, arguments in _CALLS:
        if name in tools and (found := re.search(pattern, part, re.IGNORECASE)):
            return name, arguments(found[1])
    return None


def _about(results: Sequence[ToolResult]) -> str:
    return " ".join(map(_about_one, results))


def _about_one(outcome: ToolResult) -> str:
    name, result = outcome.call.name, shorten(outcome.result, 200)
    if result.startswith(ERROR):
        return words.FAILURE.format(name=name, reason=result.removeprefix(ERROR).rstrip("."))
    arguments = {key: shorten(str(value), 60) for key, value in outcome.call.arguments.items()}
    arguments["result"] = result.rstrip(".")
    return words.RESULTS.get(name, "The tool says: {result}.").format_map(arguments)


def _prose(said: Sequence[str], number: int) -> tuple[str, str, str]:
    opening = _pick(words.OPENINGS, number).format(echo=shorten(said[-1] if said else "", 60) or "…")
    body = _pick(words.BODIES, number // len(words.OPENINGS))
    if len(said) < 2:
        closing = _pick(words.FIRST_TURN, number // 64)
    else:
        previous = shorten(said[-2], 60) or "…"
        closing = _pick(words.LATER_TURN, number // 64).format(turns=len(said) - 1, previous=previous)
    return opening, f"\n\n{body}", f" {closing}"


def _pick(table: Sequence[str], number: int) -> str:
    return table[number % len(table)]
