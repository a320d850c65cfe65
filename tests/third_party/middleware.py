"""What happens around every request: its id, its line in the log, CORS; and the names under which things are held.

Rule: a header that every answer carries is set by aiohttp's `on_response_prepare`, which runs for streams too, before
their first byte. CORS is by hand, since it goes with errors as well. Neighbours: `routes`, `errors`.
"""

from contextlib import suppress

from aiohttp import web
from aiohttp.typedefs import Handler

from shared import cors
from shared.agent.service import AsyncAgent
from shared.drain import Drain
from shared.keys import Keys
from shared.log import RequestRecord, request_id
from shared.settings import Settings

# What the app holds, and what a request does: aiohttp's way to have no globals.
SETTINGS = web.AppKey("SETTINGS", Settings)
DRAIN = web.AppKey("DRAIN", Drain)
KEYS = web.AppKey("KEYS", Keys)
AGENT = web.AppKey("AGENT", AsyncAgent)
DOCUMENT = web.AppKey("DOCUMENT", dict[str, object])
RECORD = web.RequestKey("RECORD", RequestRecord)
CALLER = web.RequestKey("CALLER", str)


def install(app: web.Application) -> None:
    """Wrap every request; the first middleware is outermost."""
    app.middlewares.extend((log_request, preflight))
    app.on_response_prepare.extend((name_request, allow_origin))


def sent(request: web.Request, name: str) -> list[str]:
    """Every value of a header, decoded as latin-1, as HTTP has it; aiohttp's own view is UTF-8."""
    return [value.decode("latin-1") for key, value in request.raw_headers if key.lower() == name.lower().encode()]


@web.middleware
async def log_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id, count it as work in hand, and write its line when its body has been sent."""
    record = request[RECORD] = RequestRecord(request_id(sent(request, "X-Request-ID")), request.method, request.path)
    drain = request.app[DRAIN]
    drain.enter()
    try:
        response = await handler(request)
        with suppress(ConnectionError):  # the client has gone; the server finds that out for itself
            await response.prepare(request)
            await response.write_eof()
        return response
    finally:
        record.status = record.status or 499  # as nginx logs a client that left before its answer
        drain.leave()
        record.finish()


@web.middleware
async def preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a browser that asks before it sends."""
    method = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or method is None or "Origin" not in request.headers:
        return await handler(request)
    private = "Access-Control-Request-Private-Network" in request.headers
    allowed = _allowed_origin(request) is not None and method in cors.METHODS and not private
    response = web.Response(status=200 if allowed else 400)
    response.headers["Access-Control-Allow-Methods"] = ", ".join(cors.METHODS)
    response.headers["Access-Control-Max-Age"] = str(cors.MAX_AGE)
    if (headers := request.headers.get("Access-Control-Request-Headers")) is not None:
        response.headers["Access-Control-Allow-Headers"] = headers
    return response


async def name_request(request: web.Request, response: web.StreamResponse) -> None:
    """Say the id, and note for the log what is answered."""
    request[RECORD].status = response.status
    response.headers["X-Request-ID"] = request[RECORD].request_id


async def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Tell a browser whether its page may read this answer, errors included."""
    response.headers["Vary"] = "Origin"
    if "Origin" in request.headers:
        response.headers["Access-Control-Expose-Headers"] = ", ".join(cors.EXPOSED_HEADERS)
        if (origin := _allowed_origin(request)) is not None:
            response.headers["Access-Control-Allow-Origin"] = origin


def _allowed_origin(request: web.Request) -> str | None:
    """What `Access-Control-Allow-Origin` has to say to the page that asks; None forbids."""
    origin, allowed = request.headers["Origin"], request.app[SETTINGS].allowed_origins
    if "*" in allowed:
        return "*"
    return origin if origin in allowed else None
