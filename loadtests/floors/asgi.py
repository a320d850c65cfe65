"""The floor of every ASGI deployment: an application without a framework.

Rule: in `loadtests.floors`. Neighbours: `words` has the bytes, `wsgi` is the same for WSGI.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final

from loadtests.floors.words import HEALTH, JSON, STREAM, Event, prepared

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def _headers(named: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in named.items()]


JSON_HEADERS: Final = _headers(JSON)
STREAM_HEADERS: Final = _headers(STREAM)


def create_app() -> App:
    """The app, with all its answers prepared."""
    answers = prepared()

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        path, body = scope["path"], await _body(receive)
        if path == "/chat":
            return await _whole(send, 200, answers.reply(body))
        if path == "/chat/stream":
            return await _stream(send, answers.stream(body))
        return await _whole(send, 200, HEALTH) if path == "/health" else await _whole(send, 404, b"")

    return app


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _whole(send: Send, status: int, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *JSON_HEADERS]})
    await send({"type": "http.response.body", "body": body})


async def _stream(send: Send, events: Sequence[Event]) -> None:
    began = time.monotonic()
    await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
    for due, block in events:
        if (wait := began + due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _lifespan(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
