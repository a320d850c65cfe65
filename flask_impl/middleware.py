"""What happens around every request: its id, its line in the log, CORS.

Rule: Flask's own hooks. A line is written when the server closes the response, which WSGI promises, whatever became
of the client. CORS is by hand on Werkzeug's accessors (docs/decisions/0003-cors-in-flask.md). Neighbours: `routes`,
`errors`.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, current_app, g, request
from werkzeug.datastructures import HeaderSet

from shared import cors
from shared.errors import NotFound
from shared.log import RequestRecord, request_id


def install(app: Flask) -> None:
    """Wrap every request; `after_request` hooks run last to first."""
    app.wsgi_app = NoUpgrade(app.wsgi_app)  # type: ignore[method-assign]  # as Flask's documentation has it
    app.before_request(begin)
    app.before_request(preflight)
    app.before_request(one_slash)
    app.after_request(end)
    app.after_request(allow_origin)


class NoUpgrade:
    """Werkzeug answers 400 to an offered WebSocket: an offer may be ignored (RFC 9110, section 7.8), and here is."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on without the offer."""
        environ.pop("HTTP_UPGRADE", None)
        return self.app(environ, start_response)


def begin() -> None:
    """Give the request its id, and count it as work in hand."""
    sent_id = request.headers.getlist("X-Request-ID")
    g.record = RequestRecord(request_id(sent_id), request.method, _path(), current_app.extensions["watches"])
    current_app.extensions["drain"].enter()


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
    method = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or method is None or "Origin" not in request.headers:
        return None
    private = "Access-Control-Request-Private-Network" in request.headers
    allowed = _allowed_origin() is not None and method in cors.METHODS and not private
    response = Response("OK" if allowed else "Disallowed CORS request", 200 if allowed else 400)
    response.access_control_allow_methods = HeaderSet(cors.METHODS)
    response.access_control_max_age = cors.MAX_AGE
    if (headers := request.headers.get("Access-Control-Request-Headers")) is not None:
        response.headers["Access-Control-Allow-Headers"] = headers
    return response


def one_slash() -> None:
    """Werkzeug routes `//health` like `/health` and redirects no path at all to `/`: here they are other addresses."""
    if _path().startswith("//") or not _path().startswith("/"):
        raise NotFound


def allow_origin(response: Response) -> Response:
    """Tell a browser whether its page may read this answer, errors included."""
    response.vary.add("Origin")
    if "Origin" in request.headers:
        response.access_control_expose_headers = HeaderSet(cors.EXPOSED_HEADERS)
        if (origin := _allowed_origin()) is not None:
            response.access_control_allow_origin = origin
    return response


def _path() -> str:
    """The path as it was sent, decoded; `request.path` has lost its leading slashes but one."""
    sent: str = request.environ["PATH_INFO"]
    return sent.encode("latin-1").decode(errors="replace")


def _allowed_origin() -> str | None:
    """What `Access-Control-Allow-Origin` has to say to the page that asks; None forbids."""
    origin, allowed = request.headers["Origin"], current_app.config["SETTINGS"].allowed_origins
    if "*" in allowed:
        return "*"
    return origin if origin in allowed else None
