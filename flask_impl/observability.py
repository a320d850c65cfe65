"""Seen from outside: /metrics and traces, in Flask's way, each only when a setting asks for it.

Rule: what is measured is decided in `shared.observability`; what is here is where Flask shows it. Neighbours:
`middleware` (whose log the watches hear from), `app`.
"""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request

from shared.observability import build

if TYPE_CHECKING:
    from shared.observability.metrics import Metrics
    from shared.observability.tracing import Tracing


def install(app: Flask) -> None:
    """Give the app what watches its requests; before the middleware, whose hooks are to run inside of its own."""
    metrics = build.metrics(app.config["SETTINGS"], app.extensions["drain"])
    tracing = build.tracing(app.config["SETTINGS"])
    app.extensions["watches"] = tuple(watch for watch in (metrics, tracing) if watch is not None)
    if metrics is not None:
        serve(app, metrics)
    if tracing is not None:
        trace(app, tracing)


def serve(app: Flask, metrics: "Metrics") -> None:
    """The route for Prometheus, and every request's own for its labels."""

    def metrics_page() -> Response:
        page = metrics.page(request.headers.get("Accept", ""))
        return Response(page.content, content_type=page.media_type)

    app.add_url_rule(build.METRICS_PATH, view_func=metrics_page)
    app.after_request(name_route)


def trace(app: Flask, tracing: "Tracing") -> None:
    """OpenTelemetry's own instrumentation."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415 - only when asked for

    FlaskInstrumentor.instrument_app(  # type: ignore[no-untyped-call]
        app,
        request_hook=name_span,
        tracer_provider=tracing.provider,
        meter_provider=tracing.no_meters,
        enable_commenter=False,
    )
    app.after_request(keep_span)
    app.extensions["agent"].wrap_model(tracing.model)


def name_route(response: Response) -> Response:
    """Note which route took the request, in the form that FastAPI writes it in."""
    if request.url_rule is not None:
        g.record.route = request.url_rule.rule.replace("<", "{").replace(">", "}")
    return response


def name_span(span: Any, _environ: dict[str, Any]) -> None:
    """The instrumentation names a span without a route after its path, so after anything a client sends."""
    if request.url_rule is None:
        span.update_name(request.method)


def keep_span(response: Response) -> Response:
    """The instrumentation ends a span when the handler returns: a stream's has to last until its last byte."""
    from opentelemetry import context  # noqa: PLC0415 - only when asked for
    from opentelemetry.instrumentation.flask import _ENVIRON_ACTIVATION_KEY, _ENVIRON_TOKEN  # noqa: PLC0415 - as above

    activation = request.environ.pop(_ENVIRON_ACTIVATION_KEY, None) if response.is_streamed else None
    if activation is not None:
        ending = ExitStack()
        ending.callback(context.detach, request.environ.pop(_ENVIRON_TOKEN))
        ending.push(activation)
        response.call_on_close(ending.close)
    return response
