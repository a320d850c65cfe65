"""The aiohttp app, put together: `create_app(settings)`; and `main`, which runs it on aiohttp's own server.

Rule: nothing is decided here, only connected; the kit knows of this server by `targets.toml` beside it and in no other
way. Neighbours: `routes`, `errors`, `middleware`; the same names as in the two servers that it joins.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import uvloop
from aiohttp import web
from apispec import APISpec

from shared import log, openapi
from shared.agent import build
from shared.clock import Clock
from shared.drain import Drain, drain_on_sigterm
from shared.keys import Keys
from shared.models import VERSION, ChatRequest, ChatResponse, ErrorResponse, HealthResponse, SessionResponse
from shared.settings import ConfigurationError, Settings, from_environment, refuse_to_start
from tests.third_party import errors, middleware, routes
from tests.third_party.middleware import AGENT, DOCUMENT, DRAIN, KEYS, SETTINGS

MODELS = (ChatRequest, ChatResponse, ErrorResponse, HealthResponse, SessionResponse)


def create_app(settings: Settings | None = None) -> web.Application:
    """The app for these settings, or for the environment's; ends the process when they cannot be used."""
    try:
        return _assemble(settings or from_environment())
    except ConfigurationError as error:
        raise refuse_to_start(error) from None


def _assemble(settings: Settings) -> web.Application:
    log.configure(settings.log_level)
    drain = Drain(settings.drain_seconds)
    app = web.Application()
    app[SETTINGS] = settings
    app[DRAIN] = drain
    app[KEYS] = Keys(settings.valid_api_keys)
    app[AGENT] = build.async_agent(settings, drain, Clock())
    middleware.install(app)
    errors.install(app)
    routes.install(app)
    app[DOCUMENT] = _openapi(app)
    app.cleanup_ctx.append(_lifespan)
    return app


def _openapi(app: web.Application) -> dict[str, object]:
    """The document, from the routes, the models and the error table."""
    info = {"description": openapi.DESCRIPTION}
    spec = APISpec(title=openapi.TITLE, version=VERSION, openapi_version="3.1.0", info=info)
    for name, schema in (openapi.schemas(*MODELS) | openapi.event_schemas()).items():
        spec.components.schema(name, schema)
    scheme = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    spec.components.security_scheme(openapi.SECURITY_SCHEME, scheme)
    for route in app.router.routes():
        operation = routes.DOCUMENTED.get(route.handler.__name__)
        if operation and route.resource and route.method != "HEAD" and "%" not in route.resource.canonical:
            spec.path(route.resource.canonical, operations={route.method.lower(): operation})
    document: dict[str, object] = spec.to_dict()
    return document


async def _lifespan(app: web.Application) -> AsyncIterator[None]:
    """Once per process, when the server has its signal handlers in place."""
    drain_on_sigterm(app[DRAIN])
    log.started(app[SETTINGS])
    yield
    await app[AGENT].close()


async def _serve(host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C.

    A client that leaves cancels its handler. What is encoded stays so, or a small body could be a large one.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # not the loop's own handlers: the drain goes before these
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    runner = web.AppRunner(
        create_app(),
        access_log=None,
        handler_cancellation=True,
        auto_decompress=False,
        keepalive_timeout=75,
        shutdown_timeout=0.5,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port, backlog=2048).start()
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """`python -m tests.third_party.app HOST PORT`."""
    host, port = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(host, int(port)))


if __name__ == "__main__":
    main()
