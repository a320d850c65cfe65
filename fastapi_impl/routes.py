"""The routes: each handler parses, calls the agent and replies.

Rule: what a request means is decided in `shared`; what is here is FastAPI's way to declare it. FastAPI reads and
parses a body before it runs any dependency, so the checks that must come first sit in the route class, FastAPI's
own hook for that. Neighbours: `errors`, `middleware`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, FastAPI, Request, Response, Security
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from shared import openapi, sse, web
from shared.agent.outputs import AsyncStream
from shared.agent.service import AsyncAgent
from shared.body import SPARE, check_media_type, parse_object, too_large
from shared.drain import Health
from shared.errors import (
    BodyTooLarge,
    InvalidBody,
    InvalidKey,
    ModelError,
    ModelTimeout,
    NotFound,
    Unavailable,
    UnsupportedMediaType,
)
from shared.models import ChatRequest, ChatResponse, HealthResponse, SessionResponse
from shared.sse import StreamRecord

T = TypeVar("T")

ASK = openapi.failures(
    InvalidKey, BodyTooLarge, UnsupportedMediaType, InvalidBody, ModelError, ModelTimeout, Unavailable
)
READ = openapi.failures(InvalidKey, NotFound, Unavailable)
FORGET = openapi.failures(InvalidKey, Unavailable)


class ProtectedRoute(APIRoute):
    """A route that checks the key, the media type, the size and the JSON, in this order, before FastAPI does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, behind the checks."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def checked(request: Request) -> Response:
            request.state.caller = authenticate(request)
            return await handle(await parsed(request) if takes_body else request)

        return checked


class ParsedRequest(Request):
    """A request whose body has been read and parsed already, by the contract's rules."""

    def __init__(self, request: Request, body: bytes, content: dict[str, Any]) -> None:
        super().__init__(request.scope, request.receive)
        self._bytes, self._content = body, content

    async def body(self) -> bytes:
        """The bytes."""
        return self._bytes

    async def json(self) -> Any:
        """The object."""
        return self._content


class EventStream(StreamingResponse):
    """A turn's events, each one write; the turn is closed whatever becomes of the connection."""

    media_type = "text/event-stream"

    def __init__(self, outputs: AsyncStream, record: StreamRecord) -> None:
        self._outputs, self._record = outputs, record
        super().__init__(outputs, headers=sse.HEADERS)  # type: ignore[arg-type]  # read by `stream_response` alone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's three
        """As Starlette's: a task of its own writes, so that an event wakes its few frames and no middleware's."""
        try:
            with suppress(ClientDisconnect):
                await while_connected(receive, asyncio.create_task(self.stream_response(send)))
        finally:
            await self._outputs.aclose()

    async def stream_response(self, send: Send) -> None:
        """The head, the events, the end."""
        await write(send, {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await event_stream(self._outputs, self._record, send)
        await write(send, {"type": "http.response.body", "body": b"", "more_body": False})


def authenticate(request: Request) -> str:
    """The caller, by the key's hash; raises `InvalidKey`, and `Unavailable` while draining."""
    owner: str = request.app.state.keys.owner(request.headers.getlist("x-api-key"))
    request.app.state.drain.admit()
    return owner


async def parsed(request: Request) -> ParsedRequest:
    """The request with its JSON object; raises what the contract says of other bodies."""
    check_media_type(request.headers.get("content-type"))
    body = await read_body(request, request.app.state.settings.max_body_bytes)
    return ParsedRequest(request, body, parse_object(body))


async def read_body(request: Request, limit: int) -> bytes:
    """At most `limit` bytes; more is dropped as it comes, so that a client still sending gets its answer."""
    body, received, more = bytearray(), 0, True
    while more:  # not request.stream(): an asynchronous generator costs a request more than parsing its body
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        received += len(chunk)
        if received <= limit:
            body += chunk
        elif received > limit + SPARE:
            break
    if received > limit:
        raise too_large(limit)
    return bytes(body)


async def while_connected(receive: Receive, turn: Awaitable[T]) -> T:
    """What the turn gives; once the client has gone, the turn is cancelled and `ClientDisconnect` raised."""
    try:
        # Not a scope or task group of anyio, which take longer than to match the route (docs/decisions/0017).
        async with asyncio.timeout(None) as patience:
            listener = Listener(receive, patience)
            try:
                return await turn
            finally:
                listener.stop()
    except TimeoutError:
        if patience.expired():
            raise ClientDisconnect from None
        raise


class Listener:
    """Ends the patience when the client has gone.

    It starts when the loop next comes round, so that a turn that never waits costs no task.
    """

    def __init__(self, receive: Receive, patience: asyncio.Timeout) -> None:
        self._receive, self._patience = receive, patience
        self._loop = asyncio.get_running_loop()
        self._starting = self._loop.call_soon(self._start)
        self._task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """The turn is over: whether the client is still there no longer matters."""
        self._starting.cancel()
        if self._task is not None:
            self._task.cancel()
            self._task = None  # else it would stay, in a cycle with its own `CancelledError`, until a collection

    def _start(self) -> None:
        self._task = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        """The body has been read, so the next that the server has to tell is that the client has left."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._patience.reschedule(self._loop.time())


async def event_stream(outputs: AsyncStream, record: StreamRecord, send: Send) -> None:
    """Write the bytes of each event; it is counted when it has been written."""
    async for output in outputs:
        for block in sse.blocks(output):
            await write(send, {"type": "http.response.body", "body": block.content, "more_body": True})
            record.sent(block)


async def write(send: Send, message: Message) -> None:
    """Send it; an OSError is how a server of ASGI 2.4 tells that the client has gone, and only here is it that."""
    try:
        await send(message)
    except OSError as exc:
        raise ClientDisconnect from exc


class KeyOfACaller(APIKeyHeader):
    """The scheme, as the document has it; it gives the caller, whose key `ProtectedRoute` has checked by then."""

    async def __call__(self, request: HTTPConnection) -> str:
        """The caller's name."""
        caller: str = request.state.caller
        return caller


def agent(request: Request) -> AsyncAgent:
    """The app's agent. No dependency: FastAPI takes longer to solve one than to match the route."""
    found: AsyncAgent = request.app.state.agent
    return found


Caller = Annotated[str, Security(KeyOfACaller(name="X-API-Key", scheme_name=openapi.SECURITY_SCHEME))]

pages = APIRouter(include_in_schema=False)
api = APIRouter()
protected = APIRouter(route_class=ProtectedRoute)


@pages.get("/")
async def chat_page() -> Response:
    """The chat page."""
    return HTMLResponse(web.chat_page())


@pages.get("/docs")
async def docs_page() -> Response:
    """Swagger UI over the generated document."""
    return HTMLResponse(web.docs_page())


@pages.get("/docs/assets/{name}")
async def docs_asset(name: str) -> Response:
    """One of Swagger UI's own files."""
    asset = web.asset(name)
    return Response(asset.content, media_type=asset.media_type)


@api.get("/health", tags=["service"], responses={503: openapi.DRAINING, **openapi.failures()})
async def health(request: Request, response: Response) -> HealthResponse:
    """Tell whether this process takes new work."""
    told: Health = request.app.state.drain.health()
    response.status_code = told.status_code
    return told.body


@protected.post("/chat", tags=["chat"], responses={200: openapi.WHOLE_TURN, **ASK})
async def chat(request: Request, body: ChatRequest, caller: Caller) -> ChatResponse:
    """Answer a message, whole."""
    return await while_connected(request.receive, agent(request).chat(caller, body))


@protected.post(
    "/chat/stream",
    tags=["chat"],
    status_code=200,
    responses={200: openapi.event_stream(), **ASK},
    response_class=EventStream,
)
async def chat_stream(request: Request, body: ChatRequest, caller: Caller) -> EventStream:
    """Answer a message as it is made, as server-sent events."""
    outputs = await agent(request).stream(caller, body)
    record: StreamRecord = request.state.record.stream_began()
    return EventStream(outputs, record)


@protected.get("/sessions/{session_id}", tags=["sessions"], responses=READ)
async def session(request: Request, session_id: str, caller: Caller) -> SessionResponse:
    """Give all that is stored of a session."""
    return await agent(request).session(caller, session_id)


@protected.delete(
    "/sessions/{session_id}", tags=["sessions"], status_code=204, responses=FORGET, response_class=Response
)
async def forget(request: Request, session_id: str, caller: Caller) -> None:
    """Forget a session, if there is one."""
    await agent(request).forget(caller, session_id)


def install(app: FastAPI) -> None:
    """Give the app its routes; FastAPI tries them one by one, so the busiest come first."""
    for router in (protected, api, pages):
        app.include_router(router)
