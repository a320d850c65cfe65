"""What a session store promises, for code that may block and for code on an event loop.

Rule: a turn is stored whole (the user's message and the reply, adjacent) or not at all, and what `append` has
returned from survives the process. A session is idle since its last turn; reading it changes nothing.
Neighbours: `memory`, `sqlite`, `redis` (the stores), `threaded` (a blocking store for an event loop).
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from shared.models import Message


class Session(NamedTuple):
    """Names a session: ids are a namespace per owner; the owner is a hash of the API key, never the key."""

    owner: str
    id: str


class SessionStore(Protocol):
    """A store, for code that may block. Every method raises `StoreUnavailable` when it is out of reach."""

    def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """The last `limit` messages (all when None), oldest first; empty when there is no such session."""

    def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """Keep both messages, adjacent, after everything stored before."""

    def delete(self, session: Session) -> None:
        """Forget the session; nothing happens when there is none."""

    def close(self) -> None:
        """Let go of files and sockets."""


class AsyncSessionStore(Protocol):
    """The same verbs, for code on an event loop, which they never block."""

    async def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""

    async def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As `SessionStore.append`."""

    async def delete(self, session: Session) -> None:
        """As `SessionStore.delete`."""

    async def close(self) -> None:
        """As `SessionStore.close`."""


def newest(messages: Sequence[Message], limit: int | None) -> tuple[Message, ...]:
    """The last `limit` of `messages`, all when None."""
    return tuple(messages if limit is None else messages[max(0, len(messages) - limit) :])
