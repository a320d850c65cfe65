"""What a server in front of a failing model must say, and by when: the upstream's own table, and a port with nobody.

Rule: a limit is what the settings below allow a model to take; `SLACK` beyond it is the machine's. Neighbours:
`loadtests.upstream.faults` (the faults), `play` (plays one), `judge` (holds what came to what is said here).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from loadtests.upstream.faults import FAULTS, SECRET, Answer
from shared.agent.turn import MAX_ROUNDS

__all__ = ["PROMISES", "REFUSE", "SECRET", "SETTINGS", "SLACK", "Promise", "Shape"]

FIRST, SILENCE, HEARTBEAT, SLACK = 4.0, 1.5, 0.4, 3.0
REFUSE = "refuse"

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "MODEL_CONNECT_TIMEOUT": "1",
        "MODEL_FIRST_TOKEN_TIMEOUT": str(FIRST),
        "MODEL_TIMEOUT": str(SILENCE),
        "STREAM_HEARTBEAT": str(HEARTBEAT),
    }
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How an answer comes: not before and within these seconds, after a silence that pings must bridge or without one.

    A whole reply has so many tools run, and so many of them in error; `detail`: said instead of the table's sentence.
    """

    within: float = FIRST
    not_before: float = 0.0
    silent: bool = False
    tools: int = 0
    tool_errors: int = 0
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """What must come of a fault; `answer` None: the whole reply."""

    does: str
    answer: Answer | None
    shape: Shape = Shape()


_SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "hang": Shape(not_before=FIRST, silent=True),
        "slow-first": Shape(not_before=FIRST, silent=True),
        "stall": Shape(within=SILENCE, not_before=SILENCE, silent=True),
        "fragments": Shape(tools=2),
        "wrong-arguments": Shape(tools=1, tool_errors=1),
        "unknown-tool": Shape(tools=1, tool_errors=1),
        "endless-tools": Shape(detail=f"The model called tools {MAX_ROUNDS} times without an answer"),
    }
)

PROMISES: Mapping[str, Promise] = MappingProxyType(
    {
        **{name: Promise(fault.does, fault.answer, _SHAPES.get(name, Shape())) for name, fault in FAULTS.items()},
        REFUSE: Promise("is not there: nobody listens on its port", Answer(502, "Bad gateway")),
    }
)
