"""Exceptions -> the one envelope, in a middleware: aiohttp raises its own errors as it expects a handler to.

Rule: the words are in `shared.errors`; what is here is where each exception comes from. Neighbours: `routes`,
`middleware`.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

from shared.errors import NotFound, method_not_allowed, problem
from tests.third_party.middleware import RECORD


def install(app: web.Application) -> None:
    """Hook every kind of error that the app or the framework raises, inside of all other middleware."""
    app.middlewares.append(envelope)


def reply(exc: Exception) -> web.Response:
    """The envelope as a response."""
    told = problem(exc)
    body = told.body.model_dump_json().encode()
    return web.Response(status=told.status, body=body, headers=told.headers, content_type="application/json")


@web.middleware
async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what the router or a handler raises; errors on the server's side are logged."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return reply(NotFound())
    except web.HTTPMethodNotAllowed as exc:
        return reply(method_not_allowed(exc.allowed_methods))
    except Exception as exc:
        if request[RECORD].status:
            raise  # the answer has begun: the server must break the connection
        request[RECORD].failed(exc)
        return reply(exc)
