"""The FastAPI twin up to a layer: what its own `create_app` puts together, without what lies above that layer.

Rule: nothing of the twin is written again here, so that a change of it changes its layers; below the agent the answer
is canned, and the handlers are the twin's with fewer lines. Neighbours: `names` (the layers), `canned` (the answers),
`flask_layers` (the other twin).
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from fastapi_impl import app as twin
from fastapi_impl import routes
from shared import sse
from shared.agent.scripted import AsyncScriptedModel
from shared.agent.service import AsyncAgent, Rules
from shared.clock import Clock
from shared.models import ChatRequest, ChatResponse
from shared.settings import from_environment
from tests.layers import names
from tests.layers.canned import AsyncNoStore, Canned, canned
from tests.layers.replaced import replaced

MIDDLEWARE = {"CORSMiddleware": "CORS", "RequestLog": "request id and log"}
"""Which layer a middleware of the twin belongs to; all others to "errors"."""


def create_app() -> FastAPI:
    """The app up to the layer that is asked for."""
    settings, layer = from_environment(), names.asked()
    with replaced(routes, "protected", _router(layer, canned())):
        app = twin.create_app(settings)
    app.user_middleware = [
        one for one in app.user_middleware if names.reached(MIDDLEWARE.get(_name(one.cls), "errors"), layer)
    ]
    if not names.reached("errors", layer):
        app.exception_handlers.clear()
    if not names.reached("store", layer):
        model = AsyncScriptedModel(settings.scripted_ttft, settings.scripted_itl)
        app.state.agent = AsyncAgent(Rules(settings, app.state.drain, Clock()), model, AsyncNoStore())
    return app


def _name(made_by: Any) -> str:
    return str(getattr(made_by, "__name__", made_by))


def _router(layer: str, answers: Canned) -> APIRouter:
    """The two routes that are measured, as far as the layer goes."""
    if names.reached("listening", layer):
        return routes.protected
    if names.reached("agent", layer):
        return _with_agent()
    if names.reached("key", layer):
        return _with_key(answers, stream=names.reached("request id and log", layer))
    return _validating(answers) if names.reached("validation", layer) else _routing(answers)


def _routing(answers: Canned) -> APIRouter:
    router = APIRouter()

    @router.post("/chat")
    async def chat(request: Request) -> Response:
        return Response(answers.answers.reply(await request.body()), media_type="application/json")

    @router.post("/chat/stream")
    async def chat_stream(request: Request) -> Response:
        await request.body()
        return StreamingResponse(answers.astream(), headers=dict(sse.HEADERS))

    return router


class Checked(APIRoute):
    """The checks of the body without that of the key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, behind the checks."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            return await handle(await routes.parsed(request))

        return checked


def _validating(answers: Canned) -> APIRouter:
    router = APIRouter(route_class=Checked)

    @router.post("/chat")
    async def chat(body: ChatRequest) -> ChatResponse:
        return answers.model(body.message)

    return router


def _with_key(answers: Canned, *, stream: bool) -> APIRouter:
    router = APIRouter(route_class=routes.ProtectedRoute)

    @router.post("/chat")
    async def chat(body: ChatRequest, _caller: routes.Caller) -> ChatResponse:
        return answers.model(body.message)

    if stream:

        @router.post("/chat/stream", response_class=StreamingResponse)
        async def chat_stream(request: Request, _body: ChatRequest, _caller: routes.Caller) -> StreamingResponse:
            request.state.record.stream_began()
            return StreamingResponse(answers.astream(), headers=dict(sse.HEADERS))

    return router


def _with_agent() -> APIRouter:
    router = APIRouter(route_class=routes.ProtectedRoute)

    @router.post("/chat")
    async def chat(request: Request, body: ChatRequest, caller: routes.Caller) -> ChatResponse:
        return await routes.agent(request).chat(caller, body)

    return router
