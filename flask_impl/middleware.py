"""What happens around every request: its id, its line in the log, CORS.

Rule: Flask's own hooks. A line is written when the server closes the response, which WSGI promises, whatever became
of the client. CORS is by hand on Werkzeug's accessors (docs/decisions/0003-cors-in-flask.md). Neighbours: `routes`,
`errors`.
"""

from wsgiref.types import WSGIEnvironment

from flask import Flask, Response, current_app, g, request
from werkzeug.datastructures import HeaderSet
from werkzeug.wsgi import get_path_info

from shared import cors
from shared.log import RequestRecord, request_id


def install(app: Flask) -> None:
    """Wrap every request; `after_request` hooks run last to first."""
    app.before_request(begin)
    app.before_request(preflight)
    app.after_request(end)
    app.after_request(allow_origin)


def begin() -> None:
    """Give the request its id, and count it as work in hand."""
    sent, parts = request.environ, current_app.extensions
    own_id = request_id(header(sent, "HTTP_X_REQUEST_ID"))
    g.record = RequestRecord(own_id, sent["REQUEST_METHOD"], get_path_info(sent), parts["watches"])
    parts["drain"].enter()


def end(response: Response) -> Response:
    """Say the id; when the body has been sent, write the line."""
    record, drain = g.record, current_app.extensions["drain"]
    record.status = response.status_code
    response.headers["X-Request-ID"] = record.request_id

    def finish() -> None:
        drain.leave()
        record.finish()

    response.call_on_close(finish)
    return response


def preflight() -> Response | None:
    """Answer a browser that asks before it sends; None for every other request."""
    if request.method != "OPTIONS":
        return None
    method = request.headers.get("Access-Control-Request-Method")
    if method is None or "Origin" not in request.headers:
        return None
    private = "Access-Control-Request-Private-Network" in request.headers
    allowed = _allowed_origin() is not None and method in cors.METHODS and not private
    response = Response("OK" if allowed else "Disallowed CORS request", 200 if allowed else 400)
    response.access_control_allow_methods = HeaderSet(cors.METHODS)
    response.access_control_max_age = cors.MAX_AGE
    if (headers := request.headers.get("Access-Control-Request-Headers")) is not None:
        response.headers["Access-Control-Allow-Headers"] = headers
    return response


def allow_origin(response: Response) -> Response:
    """Tell a browser whether its page may read this answer, errors included."""
    response.headers.add("Vary", "Origin")
    if "HTTP_ORIGIN" in request.environ:
        response.access_control_expose_headers = HeaderSet(cors.EXPOSED_HEADERS)
        if (origin := _allowed_origin()) is not None:
            response.access_control_allow_origin = origin
    return response


def header(environ: WSGIEnvironment, name: str) -> list[str]:
    """A header's value, if it came; never two: a server of WSGI joins those of a header that came twice."""
    return [environ[name]] if name in environ else []


def _allowed_origin() -> str | None:
    """What `Access-Control-Allow-Origin` has to say to the page that asks; None forbids."""
    origin, allowed = request.headers["Origin"], current_app.config["SETTINGS"].allowed_origins
    if "*" in allowed:
        return "*"
    return origin if origin in allowed else None
