"""Checks of answers: what the contract says of a body, or the model of a stream, and a complaint or None.

Rule: a check is pure, needs no second request and says in one phrase what is wrong; the same cause gives
the same phrase, so that failures can be counted by it. The status is not its business (it is always
compared). Neighbours: `scenarios` names the check of each call, `generator` runs it on a sample of the
answers.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

Check = Callable[[bytes], str | None]


class Said(NamedTuple):
    """What a whole stream said: its tokens joined, how many they were, and its tool calls as they stood in the events.

    `text` is None where the bytes are no text.
    """

    text: str | None
    tokens: int
    tool_calls: tuple[Mapping[str, Any], ...] = ()


TITLES: Final[Mapping[int, str]] = {
    401: "Unauthorized",
    413: "Content too large",
    415: "Unsupported media type",
    422: "Validation error",
}


def chat_reply(*, tools: int = 0, result: str = "") -> Check:
    """A `ChatResponse` with a UUID4 session and so many tool calls, the first with this in its result."""

    def check(body: bytes) -> str | None:
        fields = _object(body)
        if fields is None:
            return "the body is no JSON object"
        if not isinstance(fields.get("reply"), str) or not fields["reply"]:
            return "no reply in the body"
        if not _is_uuid4(fields.get("session_id")):
            return "session_id is no UUID4"
        calls = fields.get("tool_calls")
        if not isinstance(calls, list) or len(calls) != tools:
            return f"tool_calls is not a list of {tools}"
        if any(set(call) != {"name", "arguments", "result"} for call in calls):
            return "a tool call has other fields than name, arguments, result"
        return None if not result or result in str(calls[0]["result"]) else f"the tool's result lacks {result!r}"

    return check


def misheard(asked: Said, came: Said) -> str | None:
    """What a stream left out, added or changed of what was to be said, in one phrase; None where it is all the same.

    The tokens are counted beside their text: a server that joins two of them does less work.
    """
    if came.tool_calls != asked.tool_calls:
        return f"the tool calls are not the {len(asked.tool_calls)} that the model makes"
    if came.tokens != asked.tokens:
        return f"the tokens are not the {asked.tokens} that the model says"
    return None if came.text == asked.text else "the words are not the model's"


def envelope(status: int, *, kind: str = "") -> Check:
    """The error envelope of this status; for 422 the entries, the first of type `kind` where given."""

    def check(body: bytes) -> str | None:
        fields = _object(body)
        if fields is None or set(fields) != {"error", "detail"}:
            return "the body is not the error envelope"
        if fields["error"] != TITLES[status]:
            return f"the envelope's error is not {TITLES[status]!r}"
        if status != 422:
            return None if isinstance(fields["detail"], str) and fields["detail"] else "detail is no sentence"
        return _entries(fields["detail"], kind)

    return check


def _entries(detail: Any, kind: str) -> str | None:
    if not isinstance(detail, list) or not detail:
        return "detail is no list of entries"
    for entry in detail:
        if not isinstance(entry, dict) or set(entry) != {"type", "loc", "msg"} or entry["loc"][:1] != ["body"]:
            return "an entry is not {type, loc from 'body', msg}"
    return None if not kind or detail[0]["type"] == kind else f"the first entry's type is not {kind!r}"


def healthy(body: bytes) -> str | None:
    """GET /health of a server that takes work."""
    fields = _object(body)
    return None if fields is not None and fields.get("status") == "healthy" else "status is not 'healthy'"


def openapi(body: bytes) -> str | None:
    """An OpenAPI 3.1 document that knows the chat."""
    fields = _object(body)
    if fields is None or not str(fields.get("openapi", "")).startswith("3.1"):
        return "no OpenAPI 3.1 document"
    return None if {"/chat", "/chat/stream"} <= set(fields.get("paths", {})) else "paths lack /chat or /chat/stream"


def swagger(body: bytes) -> str | None:
    """Swagger UI's page."""
    return None if b"swagger" in body.lower() and b"<html" in body.lower() else "not Swagger UI's page"


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(body)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def _is_uuid4(value: object) -> bool:
    try:
        return isinstance(value, str) and uuid.UUID(value).version == 4 and str(uuid.UUID(value)) == value
    except ValueError:
        return False
