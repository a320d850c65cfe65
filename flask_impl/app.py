"""The Flask app, put together: `create_app(settings)`.

Rule: nothing is decided here, only connected. Neighbours: `routes`, `errors`, `middleware`, `observability`; the
five have the same names in `fastapi_impl`, and what both frameworks need stands in them under the same name and in the
same order: what only one needs is the difference.
"""

import atexit
from typing import Any

from apispec import APISpec, BasePlugin
from apispec_webframeworks.flask import FlaskPlugin
from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface
from werkzeug.exceptions import NotFound as UnknownRoute
from werkzeug.routing import MapAdapter
from werkzeug.wsgi import get_path_info

from flask_impl import errors, middleware, observability, routes
from shared import garbage, log, openapi
from shared.agent import build
from shared.clock import Clock
from shared.drain import Drain, drain_on_sigterm
from shared.errors import TABLE
from shared.keys import Keys
from shared.models import VERSION, ChatRequest, ChatResponse, ErrorResponse, HealthResponse, SessionResponse
from shared.settings import ConfigurationError, Settings, from_environment, refuse_to_start


def create_app(settings: Settings | None = None) -> Flask:
    """The app for these settings, or for the environment's; ends the process when they cannot be used."""
    try:
        app = _assemble(settings or from_environment())
    except ConfigurationError as error:
        raise refuse_to_start(error) from None
    if settings is None:  # a server's own process, with one app for all its life
        garbage.settle()
    return app


def _assemble(settings: Settings) -> Flask:
    log.configure(settings.log_level)
    drain = Drain(settings.drain_seconds)
    app = AgentAPI("flask_impl", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.session_interface = NoCookies()
    app.url_map.merge_slashes = False
    app.config["SETTINGS"] = settings
    app.extensions["drain"] = drain
    app.extensions["keys"] = Keys(settings.valid_api_keys)
    app.extensions["agent"] = build.agent(settings, drain, Clock())
    routes.install(app)
    errors.install(app)
    observability.install(app)
    middleware.install(app)
    app.extensions["openapi"] = _openapi(app)
    drain_on_sigterm(drain)
    atexit.register(app.extensions["agent"].close)
    for watch in app.extensions["watches"]:
        atexit.register(watch.close)
    log.started(settings)
    return app


class AgentAPI(Flask):
    """Flask, with its router told that a path is all there is to route by."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """The routes, for this request's method and path.

        Flask's own reads the Host header, refuses odd ones and offers of a WebSocket (which RFC 9110, section 7.8,
        lets a server ignore), routes `//health` like `/health`, and redirects no path at all to `/`.
        """
        if request is None:
            return super().create_url_adapter(None)
        sent = get_path_info(request.environ)
        if sent.startswith("//") or not sent.startswith("/"):
            raise UnknownRoute
        return self.url_map.bind("", path_info=sent, default_method=request.method)


class NoCookies(SessionInterface):
    """Flask makes a session of its own, from a cookie, for each request: none is used here, so one is enough."""

    def __init__(self) -> None:
        self._none = self.null_session_class()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - as Flask calls it
        """A session that says, when something is put in, that there is none."""
        return self._none


def _openapi(app: Flask) -> dict[str, Any]:
    """The document, from the handlers' docstrings, the models and the error table."""
    spec = APISpec(
        title=openapi.TITLE,
        version=VERSION,
        openapi_version="3.1.0",
        info={"description": openapi.DESCRIPTION},
        plugins=[FlaskPlugin(), FirstLine()],
    )
    models = openapi.schemas(ChatRequest, ChatResponse, ErrorResponse, HealthResponse, SessionResponse)
    for name, schema in (models | openapi.event_schemas()).items():
        spec.components.schema(name, schema)
    for kind in TABLE:
        spec.components.response(kind.__name__, openapi.failure(kind))
    spec.components.response("Draining", openapi.DRAINING)
    spec.components.response("WholeTurn", openapi.WHOLE_TURN)
    spec.components.response("EventStream", openapi.event_stream())
    scheme = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    spec.components.security_scheme(openapi.SECURITY_SCHEME, scheme)
    with app.test_request_context():
        for endpoint in routes.DOCUMENTED:
            spec.path(view=app.view_functions[endpoint])
    return spec.to_dict()


class FirstLine(BasePlugin):
    """The first line of a handler's docstring as its operation's description, which FastAPI takes by itself."""

    def operation_helper(
        self,
        path: str | None = None,  # noqa: ARG002 - as apispec calls it
        operations: dict[str, Any] | None = None,
        **given: Any,
    ) -> None:
        """Called by apispec for each path, with the operations that it has found so far."""
        for operation in (operations or {}).values():
            operation.setdefault("description", given["view"].__doc__.partition("\n")[0])
