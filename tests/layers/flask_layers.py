"""The Flask twin up to a layer: what its own `create_app` puts together, without what lies above that layer.

Rule: nothing of the twin is written again here, so that a change of it changes its layers; below the agent the answer
is canned, and the handlers are the twin's with fewer lines. Neighbours: `names` (the layers), `canned` (the answers),
`fastapi_layers` (the other twin).
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, g, request

from flask_impl import app as twin
from flask_impl import routes
from shared import sse
from shared.agent.scripted import ScriptedModel
from shared.agent.service import Agent, Rules
from shared.clock import Clock
from shared.settings import from_environment
from tests.layers import names
from tests.layers.canned import Canned, NoStore, canned
from tests.layers.replaced import replaced

HOOKS = {
    "preflight": "CORS",
    "allow_origin": "CORS",
    "begin": "request id and log",
    "end": "request id and log",
}
"""Which layer a hook of the twin belongs to; all others to "errors"."""


def create_app() -> Flask:
    """The app up to the layer that is asked for."""
    settings, layer = from_environment(), names.asked()
    with (
        replaced(routes, "protected", _blueprint(layer, canned())),
        replaced(twin, "_openapi", lambda _app: {}),  # a document of routes that are not there
    ):
        app = twin.create_app(settings)
    tables: tuple[Any, ...] = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    for table in tables:
        table[None] = [hook for hook in table.get(None, []) if names.reached(_layer(hook), layer)]
    if not names.reached("errors", layer):
        app.error_handler_spec.clear()
        app.__dict__.pop("wsgi_app", None)  # what the twin has wrapped around it
    if not names.reached("store", layer):
        model = ScriptedModel(settings.scripted_ttft, settings.scripted_itl)
        app.extensions["agent"] = Agent(Rules(settings, app.extensions["drain"], Clock()), model, NoStore())
    return app


def _layer(hook: Callable[..., Any]) -> str:
    return HOOKS.get(hook.__name__, "errors")


def _blueprint(layer: str, answers: Canned) -> Blueprint:
    """The two routes that are measured, as far as the layer goes."""
    if names.reached("agent", layer):
        return routes.protected
    measured = Blueprint("protected", __name__)
    if names.reached("key", layer):
        measured.before_request(routes.authenticate)
    if names.reached("validation", layer):
        return _validating(measured, answers, stream=names.reached("request id and log", layer))
    return _routing(measured, answers)


def _routing(measured: Blueprint, answers: Canned) -> Blueprint:
    @measured.post("/chat")
    def chat() -> Response:
        return Response(answers.answers.reply(request.get_data()), mimetype="application/json")

    @measured.post("/chat/stream")
    def chat_stream() -> Response:
        request.get_data()
        return Response(answers.stream(), headers=dict(sse.HEADERS))

    return measured


def _validating(measured: Blueprint, answers: Canned, *, stream: bool) -> Blueprint:
    @measured.post("/chat")
    def chat() -> Response:
        return routes.reply(answers.model(routes.parsed().message))

    if stream:

        @measured.post("/chat/stream")
        def chat_stream() -> Response:
            routes.parsed()
            g.record.stream_began()
            return Response(answers.stream(), headers=dict(sse.HEADERS))

    return measured
