"""Exceptions -> the one envelope, through FastAPI's and Starlette's exception handlers.

Rule: the words are in `shared.errors`; what is here is where each exception comes from. An exception that no handler
knows would be answered outside of all middleware, without CORS headers, so `middleware.LastResort` catches it first.
Neighbours: `routes`, `middleware`.
"""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.routing import Match
from starlette.types import Scope

from shared import cors
from shared.errors import ApiError, NotFound, invalid_body, method_not_allowed, problem


def install(app: FastAPI) -> None:
    """Hook every kind of error that the app or the framework raises."""
    app.add_exception_handler(ApiError, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid_body)
    app.add_exception_handler(404, on_unknown_route)
    app.add_exception_handler(405, on_unknown_method)


def reply(exc: Exception) -> Response:
    """The envelope as a response."""
    told = problem(exc)
    return Response(told.body.model_dump_json(), told.status, headers=told.headers, media_type="application/json")


async def on_error(request: Request, exc: Exception) -> Response:
    """An error of ours, or one that nobody expected; those on the server's side are logged."""
    request.state.record.failed(exc)
    return reply(exc)


async def on_invalid_body(_request: Request, exc: Exception) -> Response:
    """FastAPI's validation found the body wanting."""
    assert isinstance(exc, RequestValidationError)
    return reply(invalid_body(exc.errors()))


async def on_unknown_route(_request: Request, _exc: Exception) -> Response:
    """The router knows no such path."""
    return reply(NotFound())


async def on_unknown_method(request: Request, _exc: Exception) -> Response:
    """The router knows the path; Starlette names the methods of its first route only, so every method is tried."""
    tried = {method: {**request.scope, "method": method} for method in cors.METHODS}
    return reply(method_not_allowed(method for method, scope in tried.items() if _matches(request.app, scope)))


def _matches(app: FastAPI, scope: Scope) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)
