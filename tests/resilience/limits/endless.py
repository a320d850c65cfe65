"""A model of one's own that never ends, for readers who are slow: what they do not read must not pile up anywhere.

Rule: for the long message of such a reader it gives text for ever, as fast as it is taken; for any other a word.
Neighbours: `attacks` (who asks), `shared.agent.model` (what is given).
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from shared.agent.model import Delta, End, Text, User, Utterance
from shared.agent.tools import Tool

GRACE = 1.0
PIECE = "piece " * 600
"""Some kilobytes at a time: the point is the bytes, and not the work of many events."""

SETTINGS: Mapping[str, str] = {
    "AGENT_MODEL": "tests.resilience.limits.endless:model",
    "MODEL_MAX_CHARS": "1000000000000",
    "STREAM_HEARTBEAT": "0.05",
    "DRAIN_SECONDS": str(GRACE),
}


class Endless:
    """The agent, as `shared.agent.own` wants it."""

    def ask(self, conversation: Sequence[Utterance], _tools: Sequence[Tool]) -> Iterator[Delta]:
        """For code that may block."""
        while _long(conversation):
            yield Text(PIECE)
        yield Text("done")
        yield End()

    async def aask(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        """For an event loop."""
        for delta in self.ask(conversation, tools):
            yield delta


def _long(conversation: Sequence[Utterance]) -> bool:
    asked = conversation[-1] if conversation else None
    return isinstance(asked, User) and len(asked.content) > 1000


def model() -> Endless:
    """The factory that `AGENT_MODEL` names."""
    return Endless()
