"""The routes: each handler parses, calls the agent and replies.

Rule: what a request means is decided in `shared`; what is here is aiohttp's way to do it: plain coroutines in a table
of routes, a decorator for the key, validation by hand with the same models, and OpenAPI in a table beside them.
Neighbours: `errors`, `middleware`.
"""

import asyncio
import json
from collections.abc import Mapping
from functools import wraps
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from shared import openapi, sse
from shared import web as pages
from shared.body import MALFORMED, SPARE, check_media_type, parse_object, too_large
from shared.errors import (
    BodyTooLarge,
    InvalidBody,
    InvalidKey,
    ModelError,
    ModelTimeout,
    NotFound,
    Unavailable,
    UnsupportedMediaType,
    invalid_body,
)
from shared.models import ChatRequest, HealthResponse, SessionResponse
from shared.sse import StreamRecord
from tests.third_party.middleware import AGENT, CALLER, DOCUMENT, DRAIN, KEYS, RECORD, SETTINGS, sent

ASK = openapi.failures(
    InvalidKey, BodyTooLarge, UnsupportedMediaType, InvalidBody, ModelError, ModelTimeout, Unavailable
)
READ = openapi.failures(InvalidKey, NotFound, Unavailable)
FORGET = openapi.failures(InvalidKey, Unavailable)

SILENCE = 3.0
"""Seconds that a client may pause in a body: where chunks make no sense, aiohttp 3.14 never tells its handler."""


def protected(handler: Handler) -> Handler:
    """Check the key before the handler does anything; raises `InvalidKey`, and `Unavailable` while draining."""

    @wraps(handler)
    async def checked(request: web.Request) -> web.StreamResponse:
        request[CALLER] = request.app[KEYS].owner(sent(request, "X-API-Key"))
        request.app[DRAIN].admit()
        return await handler(request)

    return checked


async def parsed(request: web.Request) -> ChatRequest:
    """The body as the model; raises what the contract says of other bodies."""
    check_media_type(request.headers.get("Content-Type"))
    body = await read_body(request, request.app[SETTINGS].max_body_bytes)
    try:
        return ChatRequest.model_validate(parse_object(body))
    except ValidationError as error:
        raise invalid_body(error.errors()) from None


async def read_body(request: web.Request, limit: int) -> bytes:
    """At most `limit` bytes; more is dropped as it comes, so that a client still sending gets its answer."""
    body, received = bytearray(), 0
    try:
        while received <= limit + SPARE and (chunk := await _chunk(request)):
            received += len(chunk)
            if received <= limit:
                body += chunk
    except (web.RequestPayloadError, HttpProcessingError, TimeoutError):  # framing that makes no sense
        raise InvalidBody([MALFORMED]) from None
    if received > limit:
        raise too_large(limit)
    return bytes(body)


async def _chunk(request: web.Request) -> bytes:
    """What has come of the body; nothing at its end."""
    async with asyncio.timeout(SILENCE):
        return await request.content.readany()


def reply(model: BaseModel, status: int = 200) -> web.Response:
    """A model as JSON, in its own order and not ASCII-escaped."""
    return web.Response(status=status, body=model.model_dump_json().encode(), content_type="application/json")


def html(page: bytes) -> web.Response:
    """A page."""
    return web.Response(body=page, content_type="text/html", charset="utf-8")


async def chat_page(_request: web.Request) -> web.StreamResponse:
    """The chat page."""
    return html(pages.chat_page())


async def docs_page(_request: web.Request) -> web.StreamResponse:
    """Swagger UI over the generated document."""
    return html(pages.docs_page())


async def docs_asset(request: web.Request) -> web.StreamResponse:
    """One of Swagger UI's own files."""
    asset = pages.asset(request.match_info["name"])
    text = asset.media_type.startswith("text/")
    return web.Response(body=asset.content, content_type=asset.media_type, charset="utf-8" if text else None)


async def openapi_document(request: web.Request) -> web.StreamResponse:
    """The generated document."""
    document = json.dumps(request.app[DOCUMENT], ensure_ascii=False)
    return web.Response(body=document.encode(), content_type="application/json")


async def health(request: web.Request) -> web.StreamResponse:
    """Tell whether this process takes new work."""
    told = request.app[DRAIN].health()
    return reply(told.body, told.status_code)


@protected
async def chat(request: web.Request) -> web.StreamResponse:
    """Answer a message, whole."""
    return reply(await request.app[AGENT].chat(request[CALLER], await parsed(request)))


@protected
async def chat_stream(request: web.Request) -> web.StreamResponse:
    """Answer a message as it is made, as server-sent events."""
    outputs = await request.app[AGENT].stream(request[CALLER], await parsed(request))
    request[RECORD].stream = record = StreamRecord()
    response = web.StreamResponse(headers=sse.HEADERS)
    try:
        await response.prepare(request)
        async for output in outputs:
            for block in sse.blocks(output):
                await response.write(block.content)
                record.sent(block)
    except ConnectionError:  # the client has gone between two events
        return response
    finally:
        await outputs.aclose()
    return response


@protected
async def session(request: web.Request) -> web.StreamResponse:
    """Give all that is stored of a session."""
    return reply(await request.app[AGENT].session(request[CALLER], request.match_info["session_id"]))


@protected
async def forget(request: web.Request) -> web.StreamResponse:
    """Forget a session, if there is one."""
    await request.app[AGENT].forget(request[CALLER], request.match_info["session_id"])
    return web.Response(status=204)


def _operation(
    handler: Handler, tag: str, answer: dict[str, Any], others: Mapping[int | str, Any], **more: Any
) -> dict[str, Any]:
    """What the document says of a handler; `answer` is its 200 (or, empty, its 204)."""
    name = handler.__name__
    return {
        "operationId": name,
        "summary": name.replace("_", " ").title(),
        "description": (handler.__doc__ or "").partition("\n")[0],
        "tags": [tag],
        "responses": {200 if answer else 204: {"description": "Successful Response", **answer}, **others},
        **more,
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": openapi.REF.format(model=model.__name__)}}}}


_KEYED: Mapping[str, Any] = {"security": [{openapi.SECURITY_SCHEME: []}]}
_ASKED = {**_KEYED, "requestBody": {"required": True, **_json(ChatRequest)}}
_NAMED = {
    **_KEYED,
    "parameters": [{"name": "session_id", "in": "path", "required": True, "schema": {"type": "string"}}],
}
_HEALTH = {503: openapi.DRAINING, **openapi.failures()}

DOCUMENTED: Mapping[str, dict[str, Any]] = {
    "health": _operation(health, "service", _json(HealthResponse), _HEALTH),
    "chat": _operation(chat, "chat", openapi.WHOLE_TURN, ASK, **_ASKED),
    "chat_stream": _operation(chat_stream, "chat", openapi.event_stream(), ASK, **_ASKED),
    "session": _operation(session, "sessions", _json(SessionResponse), READ, **_NAMED),
    "forget": _operation(forget, "sessions", {}, FORGET, **_NAMED),
}

ONE_PART = r"(?:(?!%2F)[^/])+"
"""A part of a path, line feeds and braces included; to aiohttp an escaped slash is none, to the other servers it is."""


def install(app: web.Application) -> None:
    """Give the app its routes; `web.get` takes HEAD too."""
    app.add_routes(
        (
            web.get("/", chat_page),
            web.get("/docs", docs_page),
            web.get("/docs/assets/{name}", docs_asset),
            web.get("/openapi.json", openapi_document),
            web.get("/health", health),
            web.post("/chat", chat),
            web.post("/chat/stream", chat_stream),
            web.post("/chat%2Fstream", chat_stream),
            web.get(f"/sessions/{{session_id:{ONE_PART}}}", session),
            web.delete(f"/sessions/{{session_id:{ONE_PART}}}", forget),
        )
    )
