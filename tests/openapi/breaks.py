"""Defects for Schemathesis to find: documents that say what is not so, servers that do what they should not.

Rule: a row is a change, the check that must report it, and the operation where; the rows of one table are made
together, in one run, so they must not hide each other. Neighbours: `proxy` (applies the servers'), `test_finds`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.conformance.profiles import KEY, SECOND_KEY
from tests.openapi.proxy import Break, Exchange

Document = dict[str, Any]
Where = tuple[str, str]
JSON = {"content-type": "application/json"}
ASK = ("POST /chat", "POST /chat/stream")
READ, FORGET = "GET /sessions/{session_id}", "DELETE /sessions/{session_id}"


def _asked(document: Document, field: str) -> Document:
    found: Document = document["components"]["schemas"]["ChatRequest"]["properties"][field]
    return found


def _rename(document: Document, model: str, field: str) -> None:
    schema = document["components"]["schemas"][model]
    schema["properties"]["renamed"] = schema["properties"].pop(field)
    schema["required"] = ["renamed" if name == field else name for name in schema["required"]]


def longer_messages(document: Document) -> None:
    """Promises to take longer messages than are taken."""
    _asked(document, "message")["maxLength"] = 6000


def only_short_ids(document: Document) -> None:
    """Promises to refuse session ids that are taken."""
    _asked(document, "session_id")["anyOf"][0]["maxLength"] = 8


def silent_on_404(document: Document) -> None:
    """Does not say that a session may be missing."""
    del document["paths"]["/sessions/{session_id}"]["get"]["responses"]["404"]


def another_reply(document: Document) -> None:
    """Calls a field of the answer by another name."""
    _rename(document, "ChatResponse", "reply")


def another_token(document: Document) -> None:
    """Calls a field of one of the stream's events by another name."""
    _rename(document, "TokenEvent", "content")


def needless_header(document: Document) -> None:
    """Demands a header that is not needed."""
    header = {"name": "X-Tenant", "in": "header", "required": True, "schema": {"type": "string"}}
    document["paths"]["/health"]["get"]["parameters"] = [header]


def promised_header(document: Document) -> None:
    """Promises a header that does not come."""
    answer = document["paths"]["/sessions/{session_id}"]["delete"]["responses"]["204"]
    answer["headers"] = {"X-Forgotten": {"required": True, "schema": {"type": "string"}}}


def open_stream(exchange: Exchange) -> None:
    """The key is ignored, on the stream only."""
    if exchange.path == "/chat/stream" and not exchange.status:
        exchange.sent["x-api-key"] = KEY


def one_namespace(exchange: Exchange) -> None:
    """Every caller's sessions are everybody's."""
    if exchange.sent.get("x-api-key") == SECOND_KEY and not exchange.status:
        exchange.sent["x-api-key"] = KEY


def nothing_forgotten(exchange: Exchange) -> None:
    """A session outlives its deletion."""
    if exchange.method == "DELETE" and exchange.path.startswith("/sessions/") and exchange.sent.get("x-api-key") == KEY:
        exchange.reply(204, {})


def ill_health(exchange: Exchange) -> None:
    """The server fails."""
    if (exchange.method, exchange.path) == ("GET", "/health"):
        exchange.reply(500, JSON, json.dumps({"error": "Internal server error", "detail": "x"}).encode())


def plain_errors(exchange: Exchange) -> None:
    """An error comes as another media type than is documented."""
    if exchange.status == 422 and exchange.path == "/chat/stream" and exchange.headers:
        exchange.headers["content-type"] = "text/plain"


def any_method(exchange: Exchange) -> None:
    """A method that the route does not have is answered as if it had it."""
    if exchange.status == 405 and exchange.path == "/chat":
        exchange.reply(200, JSON, b"{}")


def wrong_allow(exchange: Exchange) -> None:
    """`Allow` does not name what is allowed."""
    if exchange.status == 405 and exchange.path.startswith("/sessions/") and exchange.headers:
        exchange.headers["allow"] = "POST"


DOCUMENTS: Mapping[Callable[[Document], None], set[Where]] = {
    longer_messages: {("positive_data_acceptance", route) for route in ASK},
    only_short_ids: {("negative_data_rejection", route) for route in ASK},
    silent_on_404: {("status_code_conformance", READ)},
    another_reply: {("response_schema_conformance", "POST /chat")},
    another_token: {("response_schema_conformance", "POST /chat/stream")},
    needless_header: {("missing_required_header", "GET /health"), ("negative_data_rejection", "GET /health")},
    promised_header: {("response_headers_conformance", FORGET)},
}
SERVERS: Mapping[Break, set[Where]] = {
    open_stream: {
        ("ignored_auth", "POST /chat/stream"),
        ("missing_required_header", "POST /chat/stream"),
        ("negative_data_rejection", "POST /chat/stream"),
    },
    one_namespace: {("object_level_authorization", READ)},
    nothing_forgotten: {("use_after_free", FORGET)},
    ill_health: {("not_a_server_error", "GET /health")},
    plain_errors: {("content_type_conformance", "POST /chat/stream")},
    any_method: {("unsupported_method", "POST /chat")},
    wrong_allow: {("allow_header_conformance", READ)},
}
NEVER_APPLIES: Mapping[str, str] = {
    "ensure_resource_availability": "it follows a path below the one that made a thing, and POST /chat makes sessions"
}
"""Checks that find nothing in any server of this API, and why."""
