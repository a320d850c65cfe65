"""What a turn's body may hold beside its session id: the message, and fields that nobody knows."""

from collections.abc import Mapping
from typing import Any

from tests.conformance.case import Case, Expect, Problem
from tests.conformance.cases.build import TURNS, post, turn
from tests.conformance.subject import payload

AT_MESSAGE = Expect(status=422, problems=(Problem(loc=("body", "message")),))

TAKEN = (
    ("one-character", "one character", "x"),
    ("a-space", "a single space", " "),
    ("null-character", "a null character, escaped", "\x00"),
    ("5000", "5,000 letters", "x" * 5000),
    ("5000-astral", "5,000 characters beyond the basic plane", "😀" * 5000),
    ("line-breaks", "4,998 characters, many of them line breaks", "é\r\n" * 1666),
    ("space-around", "a word with white space on both sides", "  hello\n"),
)
REFUSED = (
    ("empty", "is empty", ""),
    ("5001", "has 5,001 letters", "x" * 5001),
    ("5001-astral", "has 5,001 characters beyond the basic plane", "😀" * 5001),
)
OTHER_TYPES = (
    ("number", "a number", b"5"),
    ("fraction", "a fraction", b"1.5"),
    ("null", "null", b"null"),
    ("true", "true", b"true"),
    ("empty-list", "an empty list", b"[]"),
    ("list", "a list of strings", b'["a"]'),
    ("object", "an object", b'{"a": "b"}'),
)
UNKNOWN: Mapping[str, Any] = {
    "stream": True,
    "": None,
    "a.b": [1, {"c": 2}],
    "reply": "x",
    "Message": "y",
    "model_config": {},
}
FAULT_COMMANDS = ("/fail", "/hang", "/crash", "/stall")

CASES = (
    *(
        Case(
            id=f"messages.taken-{name}",
            clauses=("request.message",),
            does=f"The message is {words}.",
            expects="200, and the message is stored as it was sent, with nothing trimmed.",
            request=turn("/chat", message),
            expect=Expect(status=200, has={"session_id": "(fresh)"}, stored=(message,)),
        )
        for name, words, message in TAKEN
    ),
    *(
        Case(
            id=f"messages.refused-{name}-{kind}",
            clauses=("request.message", "errors.validation"),
            does=f"The message {words}, and goes to POST {route}.",
            expects="422 with one entry, placed at the message.",
            request=post(route, payload(message)),
            expect=AT_MESSAGE,
        )
        for kind, route in TURNS
        for name, words, message in REFUSED
    ),
    *(
        Case(
            id=f"messages.type-{name}",
            clauses=("request.message", "errors.validation"),
            does=f"The message is {words}.",
            expects="422 placed at the message: nothing is converted to a string.",
            request=post("/chat", b'{"message": %b}' % value),
            expect=AT_MESSAGE,
        )
        for name, words, value in OTHER_TYPES
    ),
    *(
        Case(
            id=f"messages.missing-{kind}",
            clauses=("request.message", "errors.validation", "answer.field-order"),
            does=f"POST {route} with an object that has no message.",
            expects="422 with one entry of type, loc and msg, in this order: missing, at the message.",
            request=post(route, b"{}"),
            expect=Expect(status=422, problems=(Problem("missing", ("body", "message")),)),
        )
        for kind, route in TURNS
    ),
    *(
        Case(
            id=f"messages.two-problems-{kind}",
            clauses=("errors.validation",),
            does=f"POST {route} with a message that is empty and a session id that is a number.",
            expects="422 with two entries, one for each field.",
            request=post(route, b'{"message": "", "session_id": 5}'),
            expect=Expect(status=422, problems=(Problem(loc=("body", "message")), Problem(loc=("body", "session_id")))),
        )
        for kind, route in TURNS
    ),
    *(
        Case(
            id=f"messages.unknown-fields-{kind}",
            clauses=("request.unknown-fields",),
            does=f"POST {route} with unknown fields of all types, one named with a dot, one with nothing.",
            expects="200: they are ignored.",
            request=post(route, payload("hi", None, **UNKNOWN)),
            expect=Expect(status=200),
        )
        for kind, route in TURNS
    ),
    *(
        Case(
            id=f"messages.fault-{command[1:]}-chat",
            clauses=("model.faults-off",),
            does=f"The message is {command}, and nobody has turned the fault commands on.",
            expects="200: it is a message like any other.",
            request=turn("/chat", command),
            expect=Expect(status=200, stored=(command,)),
        )
        for command in FAULT_COMMANDS
    ),
    *(
        Case(
            id=f"messages.fault-{command[1:]}-stream",
            clauses=("model.faults-off",),
            does=f"The message {command} goes to the stream, and the fault commands are off.",
            expects="A stream that ends with end.",
            request=turn("/chat/stream", command),
            expect=Expect(
                status=200, events=({"type": "start", "session_id": "(fresh)"}, ..., {"type": "end"}), stored=(command,)
            ),
        )
        for command in FAULT_COMMANDS
    ),
)
