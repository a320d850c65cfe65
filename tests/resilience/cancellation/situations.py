"""When a client leaves, and by when the upstream must know: the table, and what WSGI cannot know.

Rule: a limit is the contract's (two heartbeats in silence, a second while tokens flow); `SLACK` beyond it is the
machine's. Neighbours: `leave` (plays one), `page` (shows the table and what came of it).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ITL, HEARTBEAT, PATIENCE, SLACK = 0.03, 0.3, 3.0, 1.5
RETRIED = "429"
TOKENS = 5  # that have come when a client leaves while tokens flow

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "STREAM_HEARTBEAT": str(HEARTBEAT),
        "MODEL_FIRST_TOKEN_TIMEOUT": str(PATIENCE),
        "MODEL_TIMEOUT": str(PATIENCE),
    }
)

PING, START, TOKEN, SENT = b": ping\n\n", b'"type":"start"', b'"type":"token"', b""


@dataclass(frozen=True, slots=True)
class Situation:
    """A client leaves after `times` times `seen` has come to it; `message` has a fault for the upstream, or none.

    `within`: seconds that the upstream may take to learn it. `call`: how its call ends. With `seen` nothing, as in
    POST /chat, the upstream must have sent `times` tokens.
    """

    title: str
    message: str
    seen: bytes
    within: float
    times: int = 1
    call: str = "cancelled"

    @property
    def streamed(self) -> bool:
        """Whether it is a stream that is left."""
        return self.seen is not SENT


IDLE = 2 * HEARTBEAT

SITUATIONS: Mapping[str, Situation] = MappingProxyType(
    {
        "flowing": Situation("a stream, tokens flow", "hello", TOKEN, 1.0, TOKENS),
        "stalled": Situation("a stream, the model has stopped in the middle", "/upstream stall", PING, IDLE),
        "hang": Situation("a stream, the model has not even sent headers", "/upstream hang", START, IDLE),
        "slow-first": Situation("a stream, before the first token", "/upstream slow-first", START, IDLE),
        "retry": Situation("a stream, in the pause before a retry", f"/upstream {RETRIED}", START, IDLE, call=RETRIED),
        "chat": Situation("`/chat`, tokens flow", "hello", SENT, 1.0, TOKENS),
        "chat-silent": Situation("`/chat`, the model says nothing", "/upstream hang", SENT, 1.0, 0),
    }
)

WSGI = """\
While a WSGI application makes an answer that is one piece it hears nothing of its client: PEP 3333 has no call that
asks, and a write, at which a client's leaving shows, comes only at the end. gunicorn happens to hand out its socket
(`environ["gunicorn.socket"]`), and a thread or greenlet for each request could watch it; no other WSGI server does, and
bytes that wait on it may be the next request of a client that pipelines as well as the end of one that half-closed and
still reads. So the Flask twin finishes the turn, pays for all of its tokens, and stores it as any turn whose reply was
whole; only the model's own timeouts end it earlier. A stream whose client leaves while the last token is awaited is
stored too: the first write after a client has left succeeds ([known differences](../known-differences.md)).

uvicorn takes the end of what a client sends for its leaving, so a client that half-closes after `POST /chat` gets no
answer ([known differences](../known-differences.md)), and its turn is given up. And it tells only the newest request of
a connection: with a pipelined request behind it, a `POST /chat` whose client has left runs to its end there too.
"""


def knowable(framework: str, situation: Situation) -> bool:
    """Whether the framework lets a handler know that its client has gone."""
    return situation.streamed or framework != "flask"
