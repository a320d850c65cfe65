"""The FastAPI app, put together: `create_app(settings)`.

Rule: nothing is decided here, only connected. Neighbours: `routes`, `errors`, `middleware`, `observability`; the
five have the same names in `flask_impl`, and what both frameworks need stands in them under the same name and in the
same order: what only one needs is the difference.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from fastapi_impl import errors, middleware, observability, routes
from shared import garbage, log, openapi
from shared.agent import build
from shared.clock import Clock
from shared.drain import Drain, drain_on_sigterm
from shared.keys import Keys
from shared.models import VERSION, ErrorResponse
from shared.settings import ConfigurationError, Settings, from_environment, refuse_to_start

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI would look for OpenTelemetry's global providers with each request; ours are in `observability`."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app for these settings, or for the environment's; ends the process when they cannot be used."""
    try:
        app = _assemble(settings or from_environment())
    except ConfigurationError as error:
        raise refuse_to_start(error) from None
    if settings is None:  # a server's own process, with one app for all its life
        garbage.settle()
    return app


def _assemble(settings: Settings) -> FastAPI:
    log.configure(settings.log_level)
    drain = Drain(settings.drain_seconds)
    app = AgentAPI(
        title=openapi.TITLE,
        description=openapi.DESCRIPTION,
        version=VERSION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.drain = drain
    app.state.keys = Keys(settings.valid_api_keys)
    app.state.agent = build.async_agent(settings, drain, Clock())
    routes.install(app)
    errors.install(app)
    observability.install(app)
    middleware.install(app)
    return app


class AgentAPI(FastAPI):
    """FastAPI, with its document corrected where the generator cannot know better."""

    def openapi(self) -> dict[str, Any]:
        """The generated document, once."""
        if not self.openapi_schema:
            _correct(super().openapi())
        assert self.openapi_schema is not None
        return self.openapi_schema


def _correct(document: dict[str, Any]) -> None:
    """Add the schemas that no handler returns; drop the 422 that FastAPI presumes of every path parameter."""
    known = document["components"]["schemas"]
    known |= openapi.event_schemas() | openapi.schemas(ErrorResponse)
    for unused in ("HTTPValidationError", "ValidationError"):
        known.pop(unused)
    for operations in document["paths"].values():
        for operation in operations.values():
            if "requestBody" not in operation:
                operation["responses"].pop("422", None)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Once per worker process, when the server has its signal handlers in place."""
    drain_on_sigterm(app.state.drain)
    log.started(app.state.settings)
    anyio.current_time()  # loads its backend, 20 ms, now: else the first client that leaves would hold the loop so long
    async with AsyncExitStack() as at_exit:  # each is closed, whatever becomes of the others
        for watch in app.state.watches:
            at_exit.callback(watch.close)
        at_exit.push_async_callback(app.state.agent.close)
        yield
