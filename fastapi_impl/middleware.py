"""What happens around every request: its id, its line in the log, CORS, HEAD, and the last resort.

Rule: pure ASGI. A `BaseHTTPMiddleware` would put a task, a queue and a buffer between a stream and its client.
Neighbours: `routes`, `errors`.
"""

from collections.abc import Awaitable

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastapi_impl.errors import on_error, reply
from shared import cors
from shared.errors import NotFound
from shared.log import RequestRecord, request_id


def install(app: FastAPI) -> None:
    """Wrap the app; what is added last is outermost."""
    app.add_middleware(LastResort)
    app.add_middleware(OneLine)
    app.add_middleware(HeadIsGet)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=app.state.settings.allowed_origins,
        allow_methods=cors.METHODS,
        allow_headers=["*"],
        expose_headers=cors.EXPOSED_HEADERS,
        max_age=cors.MAX_AGE,
    )
    app.add_middleware(RequestLog)


class RequestLog:
    """Gives the request its id, counts it as work in hand, and writes its line when its body has been sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its record in the state."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        sent_id = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"]
        record = RequestRecord(request_id(sent_id), scope["method"], scope["path"], scope["app"].state.watches)
        scope.setdefault("state", {})["record"] = record

        def send_with_id(message: Message) -> Awaitable[None]:  # no coroutine of its own, which each event would run
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", record.request_id.encode())]
            return send(message)

        drain = scope["app"].state.drain
        drain.enter()
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            drain.leave()
            record.finish()


class HeadIsGet:
    """FastAPI answers 405 to HEAD: route it as a GET; the server, which knows, leaves out the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)


class OneLine:
    """Starlette routes a path that ends with a line feed like one without: here it is another address.

    Not so where the last part is a parameter, which takes the line feed as its own: a session's id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless there is nothing at its address."""
        other = scope["type"] == "http" and scope["path"].endswith("\n") and "/sessions/" not in scope["path"]
        await (reply(NotFound()) if other else self.app)(scope, receive, send)


class LastResort:
    """Answers what no exception handler knows, inside of CORS and the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer what it raises."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:
            Request(scope).state.record.status = 499  # as nginx logs a client that left; nobody hears an answer
        except Exception as exc:
            record = Request(scope).state.record
            if record.status:
                raise  # the answer has begun: the server must break the connection
            await (await on_error(Request(scope), exc))(scope, receive, send)
