"""The routes: each handler parses, calls the agent and replies.

Rule: what a request means is decided in `shared`; what is here is Flask's way to do it: a blueprint, a hook before
each protected request, validation by hand with the same models, and OpenAPI in docstrings that apispec reads.
Neighbours: `errors`, `middleware`.
"""

from collections.abc import Iterator
from typing import IO

from flask import Blueprint, Flask, Response, current_app, g, json, request
from pydantic import BaseModel, ValidationError
from werkzeug.wsgi import get_content_length, get_input_stream

from flask_impl.middleware import header
from shared import sse, web
from shared.agent.outputs import Stream
from shared.agent.service import Agent
from shared.body import CHUNK, MALFORMED, SPARE, check_media_type, parse_object, too_large
from shared.errors import InvalidBody, invalid_body
from shared.models import ChatRequest
from shared.sse import StreamRecord


def authenticate() -> None:
    """The caller, by the key's hash; raises `InvalidKey`, and `Unavailable` while draining."""
    parts = current_app.extensions
    g.caller = parts["keys"].owner(header(request.environ, "HTTP_X_API_KEY"))
    parts["drain"].admit()


def parsed() -> ChatRequest:
    """The body as the model; raises what the contract says of other bodies."""
    sent, limit = request.environ, current_app.config["SETTINGS"].max_body_bytes
    check_media_type(sent.get("CONTENT_TYPE"))
    body = read_body(get_input_stream(sent), get_content_length(sent), limit)
    try:
        return ChatRequest.model_validate(parse_object(body))
    except ValidationError as error:
        raise invalid_body(error.errors()) from None


def read_body(stream: IO[bytes], announced: int | None, limit: int) -> bytes:
    """At most `limit` bytes; more is dropped as it comes, so that a client still sending gets its answer."""
    body, received = bytearray(), 0
    try:
        while (left := limit + SPARE + 1 - received) and (chunk := stream.read(min(left, CHUNK))):
            received += len(chunk)
            if received <= limit:
                body += chunk
    except Exception:  # framing that breaks off or makes no sense: each server raises a kind of its own
        raise InvalidBody([MALFORMED]) from None
    if received > limit:
        raise too_large(limit)
    if received < (announced or 0):  # the client has gone in the middle: WSGI lets a short body through
        raise InvalidBody([MALFORMED])
    return bytes(body)


def event_stream(outputs: Stream, record: StreamRecord) -> Iterator[bytes]:
    """The bytes of each event; what has been written is counted when the next one is asked for."""
    for output in outputs:
        for block in sse.blocks(output):
            yield block.content
            record.sent(block)


def reply(model: BaseModel, status: int = 200) -> Response:
    """A model as JSON, in its own order and not ASCII-escaped as `jsonify` would have it."""
    return Response(model.model_dump_json(), status, mimetype="application/json")


def agent() -> Agent:
    """The app's agent."""
    found: Agent = current_app.extensions["agent"]
    return found


pages = Blueprint("pages", __name__)
api = Blueprint("api", __name__)
protected = Blueprint("protected", __name__)
protected.before_request(authenticate)

DOCUMENTED = (
    "api.health",
    "protected.chat",
    "protected.chat_stream",
    "protected.session",
    "protected.forget",
)


@pages.get("/")
def chat_page() -> Response:
    """The chat page."""
    return Response(web.chat_page(), mimetype="text/html")


@pages.get("/docs")
def docs_page() -> Response:
    """Swagger UI over the generated document."""
    return Response(web.docs_page(), mimetype="text/html")


@pages.get("/docs/assets/<name>")
def docs_asset(name: str) -> Response:
    """One of Swagger UI's own files."""
    asset = web.asset(name)
    return Response(asset.content, mimetype=asset.media_type)


@pages.get("/openapi.json")
def openapi_document() -> Response:
    """The generated document."""
    document = json.dumps(current_app.extensions["openapi"], ensure_ascii=False, sort_keys=False)
    return Response(document, mimetype="application/json")


@api.get("/health")
def health() -> Response:
    """Tell whether this process takes new work.
    ---
    get:
      operationId: health
      summary: Health
      tags: [service]
      responses:
        200: {description: Successful Response, content: {application/json: {schema: HealthResponse}}}
        500: Exception
        503: Draining
    """
    told = current_app.extensions["drain"].health()
    return reply(told.body, told.status_code)


@protected.post("/chat")
def chat() -> Response:
    """Answer a message, whole.
    ---
    post:
      operationId: chat
      summary: Chat
      tags: [chat]
      security: [{ApiKey: []}]
      requestBody: {required: true, content: {application/json: {schema: ChatRequest}}}
      responses:
        200: WholeTurn
        401: InvalidKey
        413: BodyTooLarge
        415: UnsupportedMediaType
        422: InvalidBody
        500: Exception
        502: ModelError
        503: Unavailable
        504: ModelTimeout
    """
    return reply(agent().chat(g.caller, parsed()))


@protected.post("/chat/stream")
def chat_stream() -> Response:
    """Answer a message as it is made, as server-sent events.
    ---
    post:
      operationId: chat_stream
      summary: Chat Stream
      tags: [chat]
      security: [{ApiKey: []}]
      requestBody: {required: true, content: {application/json: {schema: ChatRequest}}}
      responses:
        200: EventStream
        401: InvalidKey
        413: BodyTooLarge
        415: UnsupportedMediaType
        422: InvalidBody
        500: Exception
        502: ModelError
        503: Unavailable
        504: ModelTimeout
    """
    outputs = agent().stream(g.caller, parsed())
    record = g.record.stream_began()
    response = Response(event_stream(outputs, record), headers=sse.HEADERS)
    response.call_on_close(outputs.close)
    return response


@protected.get("/sessions/<session_id>")
def session(session_id: str) -> Response:
    """Give all that is stored of a session.
    ---
    get:
      operationId: session
      summary: Session
      tags: [sessions]
      security: [{ApiKey: []}]
      parameters: [{name: session_id, in: path, required: true, schema: {type: string}}]
      responses:
        200: {description: Successful Response, content: {application/json: {schema: SessionResponse}}}
        401: InvalidKey
        404: NotFound
        500: Exception
        503: Unavailable
    """
    return reply(agent().session(g.caller, session_id))


@protected.delete("/sessions/<session_id>")
def forget(session_id: str) -> Response:
    """Forget a session, if there is one.
    ---
    delete:
      operationId: forget
      summary: Forget
      tags: [sessions]
      security: [{ApiKey: []}]
      parameters: [{name: session_id, in: path, required: true, schema: {type: string}}]
      responses:
        204: {description: Successful Response}
        401: InvalidKey
        500: Exception
        503: Unavailable
    """
    agent().forget(g.caller, session_id)
    response = Response(status=204)
    del response.headers["Content-Type"]  # Flask names one even where there is no content
    return response


def install(app: Flask) -> None:
    """Give the app its routes."""
    for blueprint in (pages, api, protected):
        app.register_blueprint(blueprint)
