"""The routes: each handler parses, calls the agent and replies.

Rule: what a request means is decided in `shared`; what is here is FastAPI's way to declare it. FastAPI reads and
parses a body before it runs any dependency, so the checks that must come first sit in the route class, FastAPI's
own hook for that. Neighbours: `errors`, `middleware`.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, FastAPI, Request, Response, Security
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

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
        self._outputs = outputs
        self._blocks = event_stream(outputs, record)
        super().__init__(self._blocks, headers=sse.HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette's, which cancels the writing when the client has gone."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._blocks.aclose()
                await self._outputs.aclose()


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
    body, received = bytearray(), 0
    async for chunk in request.stream():
        received += len(chunk)
        if received <= limit:
            body += chunk
        elif received > limit + SPARE:
            break
    if received > limit:
        raise too_large(limit)
    return bytes(body)


async def while_connected(request: Request, turn: Awaitable[ChatResponse]) -> ChatResponse:
    """The turn's answer; once the client has gone, the turn is cancelled and `ClientDisconnect` raised."""
    with anyio.CancelScope() as scope:
        # No task group: it wraps what the turn raises, and costs a request five times as much.
        listening = asyncio.create_task(_cancel_when_gone(request.receive, scope))
        try:
            return await turn
        finally:
            listening.cancel()
    raise ClientDisconnect


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    """The body has been read, so the next that the server has to tell is that the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def event_stream(outputs: AsyncStream, record: StreamRecord) -> AsyncGenerator[bytes, None]:
    """The bytes of each event; what has been written is counted when the next one is asked for."""
    async for output in outputs:
        yield sse.encode(output)
        record.sent(output)


# Dependencies are coroutines, though they await nothing: FastAPI sends plain functions through a thread pool.
# The key is declared here for the document's sake; `ProtectedRoute` has checked it by then.
async def _caller(
    request: Request,
    _key: Annotated[
        str | None,
        Security(APIKeyHeader(name="X-API-Key", scheme_name=openapi.SECURITY_SCHEME, auto_error=False)),
    ],
) -> str:
    caller: str = request.state.caller
    return caller


async def _agent(request: Request) -> AsyncAgent:
    agent: AsyncAgent = request.app.state.agent
    return agent


Caller = Annotated[str, Depends(_caller)]
TheAgent = Annotated[AsyncAgent, Depends(_agent)]

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
async def chat(request: Request, body: ChatRequest, caller: Caller, agent: TheAgent) -> ChatResponse:
    """Answer a message, whole."""
    return await while_connected(request, agent.chat(caller, body))


@protected.post(
    "/chat/stream",
    tags=["chat"],
    status_code=200,
    responses={200: openapi.event_stream(), **ASK},
    response_class=EventStream,
)
async def chat_stream(request: Request, body: ChatRequest, caller: Caller, agent: TheAgent) -> EventStream:
    """Answer a message as it is made, as server-sent events."""
    outputs = await agent.stream(caller, body)
    record: StreamRecord = request.state.record.stream_began()
    return EventStream(outputs, record)


@protected.get("/sessions/{session_id}", tags=["sessions"], responses=READ)
async def session(session_id: str, caller: Caller, agent: TheAgent) -> SessionResponse:
    """Give all that is stored of a session."""
    return await agent.session(caller, session_id)


@protected.delete(
    "/sessions/{session_id}", tags=["sessions"], status_code=204, responses=FORGET, response_class=Response
)
async def forget(session_id: str, caller: Caller, agent: TheAgent) -> None:
    """Forget a session, if there is one."""
    await agent.forget(caller, session_id)


def install(app: FastAPI) -> None:
    """Give the app its routes."""
    for router in (pages, api, protected):
        app.include_router(router)
