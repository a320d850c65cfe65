"""What the layers below the agent answer: the floors' own words; and a store that forgets.

Rule: the bytes and the pace of the bare server, so that no layer saves the server any writing. Neighbours:
`loadtests.floors.words` prepares it, `fastapi_layers` and `flask_layers` answer with it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from loadtests.floors.words import Answers, prepared
from loadtests.scenarios import find
from shared.models import ChatResponse, Message
from shared.sessions.protocol import Session

STREAMED = next(call.body or b"" for call in find("stream").calls)


@dataclass(frozen=True, slots=True)
class Canned:
    """The answers of the bare server, whole ones as models too."""

    answers: Answers
    models: Mapping[str, ChatResponse]

    def model(self, message: str) -> ChatResponse:
        """The answer to this message."""
        return self.models[message]

    def stream(self) -> Iterator[bytes]:
        """A stream's blocks, each when it is due."""
        began = time.monotonic()
        for due, block in self.answers.stream(STREAMED):
            if (wait := began + due - time.monotonic()) > 0:
                time.sleep(wait)
            yield block

    async def astream(self) -> AsyncIterator[bytes]:
        """The same on an event loop."""
        began = time.monotonic()
        for due, block in self.answers.stream(STREAMED):
            if (wait := began + due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            yield block


def canned() -> Canned:
    """What the floors say, at the pace of the environment."""
    answers = prepared()
    asked = {json.loads(call.body)["message"]: call.body for call in find("chat").calls if call.body}
    models = {message: ChatResponse.model_validate_json(answers.reply(body)) for message, body in asked.items()}
    return Canned(answers, models)


class NoStore:
    """A `SessionStore` that keeps nothing."""

    def read(self, _session: Session, _limit: int | None = None) -> tuple[Message, ...]:
        """Nothing."""
        return ()

    def append(self, _session: Session, _turn: tuple[Message, Message]) -> None:
        """Forget it."""

    def delete(self, _session: Session) -> None:
        """There is nothing."""

    def close(self) -> None:
        """Nothing to let go of."""


class AsyncNoStore:
    """The same for an event loop."""

    async def read(self, _session: Session, _limit: int | None = None) -> tuple[Message, ...]:
        """Nothing."""
        return ()

    async def append(self, _session: Session, _turn: tuple[Message, Message]) -> None:
        """Forget it."""

    async def delete(self, _session: Session) -> None:
        """There is nothing."""

    async def close(self) -> None:
        """Nothing to let go of."""
