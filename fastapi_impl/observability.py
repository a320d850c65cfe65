"""Seen from outside: /metrics and traces, in FastAPI's way, each only when a setting asks for it.

Rule: what is measured is decided in `shared.observability`; what is here is where FastAPI shows it. Neighbours:
`middleware` (whose log the watches hear from), `app`.
"""

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.observability import build

if TYPE_CHECKING:
    from shared.observability.metrics import Metrics
    from shared.observability.tracing import Tracing


def install(app: FastAPI) -> None:
    """Give the app what watches its requests; before the middleware, which goes around it."""
    metrics = build.metrics(app.state.settings, app.state.drain)
    tracing = build.tracing(app.state.settings)
    app.state.watches = tuple(watch for watch in (metrics, tracing) if watch is not None)
    if metrics is not None:
        serve(app, metrics)
    if tracing is not None:
        trace(app, tracing)


def serve(app: FastAPI, metrics: "Metrics") -> None:
    """The route for Prometheus, and every request's own for its labels."""

    def metrics_page(request: Request) -> Response:  # no coroutine: it reads files, so FastAPI calls it in a thread
        page = metrics.page(request.headers.get("accept", ""))
        return Response(page.content, headers={"Content-Type": page.media_type})

    app.add_api_route(build.METRICS_PATH, metrics_page, include_in_schema=False)
    app.add_middleware(RouteName)


def trace(app: FastAPI, tracing: "Tracing") -> None:
    """OpenTelemetry's own instrumentation; without its spans for single messages, which are one for each token."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415 - only when asked for

    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=tracing.provider,
        meter_provider=tracing.no_meters,
        exclude_spans=["receive", "send"],
    )
    app.state.agent.wrap_model(tracing.async_model)


class RouteName:
    """Notes which route took the request; only inside of all other middleware does the scope say so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == "http" and "route" in scope:
                record = scope["state"]["record"]
                record.route = None if record.status == 405 else scope["route"].path
