"""What is played for one call, step by step: the scripted agent's words, or a fault's.

Rule: pure. A fault is a row of a table: a function from the sound score to what is played instead. Neighbours:
`player` (plays steps in time), `wire` (their bytes), `faults` (what the names mean), `shared.agent.script` (the words).
"""

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import Literal

from loadtests.upstream.faults import SECRET
from loadtests.upstream.refusals import OVERLOADED
from shared.agent.model import Text, ToolCall, Utterance
from shared.agent.script import script

HUGE = 10_000_000  # characters of the huge token
SOME = 5  # tokens before something goes wrong


@dataclass(frozen=True, slots=True)
class Begin:
    """The headers."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of the tool call number `index`; the first has its id and name, the others arguments."""

    index: int
    arguments: str = ""
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The model has said all it has to say."""

    reason: Literal["stop", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Done:
    """The usage if it was asked for, `[DONE]`, and the end of the body."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A `data:` line as it is, whatever it is."""

    line: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing, for so many seconds; infinite: until the client has gone."""

    seconds: float = math.inf


@dataclass(frozen=True, slots=True)
class Stop:
    """The body ends as if it were whole."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is closed in the middle of the body."""


Step = Begin | Text | Fragment | Finish | Done | Raw | Silence | Stop | Cut
Score = tuple[Step, ...]


def sound(conversation: Sequence[Utterance], tools: Collection[str]) -> Score:
    """The answer of the scripted agent to this conversation."""
    steps = script(conversation, tools, faults=False)
    words = (step for step in steps if isinstance(step, Text))
    calls = [step for step in steps if isinstance(step, ToolCall)]
    wanted = [_fragments(at, call.id, call.name, _json(call.arguments)) for at, call in enumerate(calls)]
    return (Begin(), *words, *_called(chain.from_iterable(wanted)))


def spoilt(fault: str, score: Score, *, slow: float, number: int) -> Score:
    """What is played instead when the call of this number is given this fault; `slow` seconds are for slow-first."""
    if fault == "slow-first":
        return (score[0], Silence(slow), *score[1:])
    if fault in _CALLS:
        return (Begin(), *_called(_CALLS[fault](f"call-{number}")))
    return _SPOILT[fault](score)


def _called(fragments: Iterable[Fragment]) -> Score:
    """Tool calls, if there are any, and the end."""
    pieces = tuple(fragments)
    return (*pieces, Finish("tool_calls" if pieces else "stop"), Done())


def _fragments(index: int, called: str, name: str, arguments: str, width: int = 7) -> list[Fragment]:
    """One tool call as the API sends it: its id and name, then its arguments in pieces of so many characters."""
    pieces = (arguments[at : at + width] for at in range(0, len(arguments), width))
    return [Fragment(index, "", called, name), *(Fragment(index, piece) for piece in pieces)]


def _interleaved(called: str) -> Iterable[Fragment]:
    """Two calls at once, letter by letter, in turns."""
    calls = ({"expression": "6 * 7"}, {"expression": "(2 + 3) ** 4"})
    both = (_fragments(at, f"{called}-{at}", "calculate", _json(given), width=1) for at, given in enumerate(calls))
    return filter(None, chain.from_iterable(zip_longest(*both)))


def _json(arguments: Mapping[str, object]) -> str:
    return json.dumps(dict(arguments), ensure_ascii=False)


def _some(score: Score) -> Score:
    """The beginning of a sound answer."""
    return (Begin(), *[step for step in score if isinstance(step, Text)][:SOME])


_CALLS: Mapping[str, Callable[[str], Iterable[Fragment]]] = MappingProxyType(
    {
        "bad-arguments": lambda called: _fragments(0, called, "calculate", f'{{"expression": "6 * 7 {SECRET}'),
        "wrong-arguments": lambda called: _fragments(0, called, "calculate", _json({"expression": 42, "unit": "km"})),
        "unknown-tool": lambda called: _fragments(0, called, "launch_rocket", _json({"to": "the moon"})),
        "endless-tools": lambda called: _fragments(0, called, "calculate", _json({"expression": "1 + 1"})),
        "fragments": _interleaved,
    }
)
ANSWERED = frozenset(_CALLS) - {"endless-tools"}
"""Faults of one call: when the tools have answered, the model goes on as it should."""

_SPOILT: Mapping[str, Callable[[Score], Score]] = MappingProxyType(
    {
        "hang": lambda _: (Silence(),),
        "stall": lambda score: (*_some(score), Silence()),
        "malformed": lambda score: (*_some(score), Raw(f'{{"id": "chatcmpl-{SECRET}", "choices": [{{'), Done()),
        "cut": lambda score: (*_some(score), Cut()),
        "cut-clean": lambda score: (*_some(score), Stop()),
        "huge-token": lambda _: (Begin(), Text("x" * HUGE), Finish("stop"), Done()),
        "error-event": lambda score: (*_some(score), Raw(_json(OVERLOADED.envelope())), Stop()),
    }
)
