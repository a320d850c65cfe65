"""Event -> bytes: the wire form of a stream. Pure.

Rule: one event is one `data: <JSON>` block and one `bytes` object, so that one write carries it whole.
Source: the WHATWG HTML standard, section "Server-sent events". Neighbours: `agent.turn` (makes the outputs),
each server's `routes.py` (writes the bytes).
"""

from collections.abc import Callable, Mapping

from shared.agent.turn import Failed, Output, Ping
from shared.errors import error_event
from shared.models import EndEvent

HEADERS: Mapping[str, str] = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}

PING = b": ping\n\n"


def encode(output: Output) -> bytes:
    """One block. A `Failed` becomes the `error` event of its cause, in the words of the error table."""
    if isinstance(output, Ping):
        return PING
    event = error_event(output.cause) if isinstance(output, Failed) else output
    return b"data: %b\n\n" % event.model_dump_json().encode()


class StreamRecord:
    """What the log says of one stream: how many events were written, and how it ended.

    `tell`, if there is one, hears of each event's type.
    """

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._tell = tell
        self.events = 0
        self.outcome = "disconnected"
        self.cause: Exception | None = None

    def sent(self, output: Output) -> None:
        """Count an output, after its write has returned; a stream without a last event was cut by its client."""
        if isinstance(output, Ping):
            return
        self.events += 1
        if isinstance(output, EndEvent):
            self.outcome = "completed"
        elif isinstance(output, Failed):
            self.outcome, self.cause = "failed", output.cause
        if self._tell is not None:
            self._tell("error" if isinstance(output, Failed) else output.type)
