"""Exceptions -> the one envelope, through Flask's error handlers.

Rule: the words are in `shared.errors`; what is here is where each exception comes from. Flask's handlers sit inside
its `after_request` hooks, so an unexpected exception gets its id and CORS headers like any other answer.
Neighbours: `routes`, `middleware`.
"""

from flask import Flask, Response, g
from werkzeug.exceptions import MethodNotAllowed as UnknownMethod
from werkzeug.exceptions import NotFound as UnknownRoute

from shared.errors import NotFound, method_not_allowed, problem


def install(app: Flask) -> None:
    """Hook every kind of error that the app or the framework raises."""
    app.register_error_handler(Exception, on_error)
    app.register_error_handler(UnknownRoute, on_unknown_route)
    app.register_error_handler(UnknownMethod, on_unknown_method)


def reply(exc: Exception) -> Response:
    """The envelope as a response."""
    told = problem(exc)
    return Response(told.body.model_dump_json(), told.status, headers=dict(told.headers), mimetype="application/json")


def on_error(exc: Exception) -> Response:
    """An error of ours, or one that nobody expected; those on the server's side are logged."""
    g.record.failed(exc)
    return reply(exc)


def on_unknown_route(_exc: Exception) -> Response:
    """The router knows no such path."""
    return reply(NotFound())


def on_unknown_method(exc: Exception) -> Response:
    """The router knows the path, and Werkzeug the methods of all its rules."""
    assert isinstance(exc, UnknownMethod)
    return reply(method_not_allowed(exc.valid_methods or ()))
