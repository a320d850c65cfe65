"""A bare ASGI server that keeps as much of the contract as a round looks at, but for one fault, by the name in FAULT.

Rule: right until `LATER` chats were answered, where the fault is one of a server under load; so the look before the
load finds nothing. What a stream says is the model's own, as the scenario has it. Neighbours: `test_gates` names the
fault and expects the reason.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from itertools import pairwise
from typing import Any

from loadtests.checks import Said
from loadtests.scenarios import find

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

FAULT = os.environ.get("FAULT", "")
KEYS = os.environ["VALID_API_KEYS"].split(",")
IGNORES = FAULT == "ignores its settings"
TTFT, ITL = (0.0 if IGNORES else float(os.environ.get(name, "0")) for name in ("SCRIPTED_TTFT", "SCRIPTED_ITL"))
LATER = 8
OTHER = Said(" word" * 8, 8)  # to whatever else is asked, as before a load
SAID = {call.body: call.said for name in ("stream", "long-stream") for call in find(name).calls}
SESSION = "9d7d6ed7-cc61-4b42-9841-f2879dd617e1"
CALLS = [{"name": "calculate", "arguments": {}, "result": "42"}]
PAGES = {
    "/health": {"status": "healthy", "version": "1.0.0"},
    "/openapi.json": {"openapi": "3.1.0", "paths": {"/chat": {"post": {}}, "/chat/stream": {"post": {}}}},
    "/docs": "<html>swagger</html>",
}


class Server:
    """The ASGI app; `answered` counts chats and streams."""

    def __init__(self) -> None:
        self.answered = 0
        if FAULT == "leaves its core":
            os.sched_setaffinity(0, range(os.cpu_count() or 1))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope["path"]
        if path in PAGES:
            await answer(send, 200, PAGES[path])
        elif dict(scope["headers"]).get(b"x-api-key", b"").decode() not in KEYS:
            await answer(send, 401, {"error": "Unauthorized", "detail": "Invalid API Key"})
        elif path == "/chat":
            await self.chat(send, tools=b"calculate" in body)
        elif path == "/chat/stream":
            await self.stream(send, SAID.get(body) or OTHER)
        else:
            await answer(send, 404, {"error": "Not found", "detail": "There is no such session."})

    def wrong(self, fault: str) -> bool:
        """Whether this is the server's fault, and its time has come."""
        return fault == FAULT and self.answered > LATER

    async def chat(self, send: Send, *, tools: bool) -> None:
        """One reply."""
        self.answered += 1
        if self.wrong("dies"):
            os._exit(1)
        if not self.wrong("answers too early"):
            await asyncio.sleep(2.0 if self.wrong("stalls") else TTFT)
        reply = {"reply": "Hello", "session_id": SESSION, "tool_calls": CALLS if tools else []}
        if self.wrong("wrong body"):
            reply = {"reply": ""}
        await answer(send, 500 if self.wrong("errors") else 200, reply)

    async def stream(self, send: Send, said: Said) -> None:
        """One stream of events."""
        self.answered += 1
        early = self.wrong("answers too early")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for number, event in enumerate(self.events(said)):
            if event["type"] == "token":
                await asyncio.sleep(0 if early else TTFT if number == 1 else ITL)
            if number == 4 and self.wrong("truncates"):
                break
            data = b"data: " + json.dumps(event).encode() + b"\n\n"
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def events(self, said: Said) -> Iterator[dict[str, Any]]:
        """Those of a whole stream: as many tokens as the model's, cut anywhere, and its tool calls after the first."""
        text = (said.text or "").swapcase() if self.wrong("wrong words") else said.text or ""
        edges = [len(text) * number // said.tokens for number in range(said.tokens + 1)]
        yield {"type": "start", "session_id": SESSION}
        for number, (begin, end) in enumerate(pairwise(edges)):
            if not (number == 3 and self.wrong("leaves a token out")):
                yield {"type": "token", "content": text[begin:end]}
            if number == 0 and not self.wrong("no tool call"):
                yield from ({"type": "tool_call", **call} for call in said.tool_calls)
        yield {"type": "end"}


async def answer(send: Send, status: int, body: object) -> None:
    """A whole answer."""
    kind = b"text/html" if isinstance(body, str) else b"application/json"
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = [(b"content-type", kind), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})


app = Server()
