"""The session id of a turn: which are taken, which are refused, and what happens without one."""

import json
import re

from tests.conformance.case import Case, Expect, Problem
from tests.conformance.cases.build import TURNS, UUID4, post, turn

TAKEN = (
    ("letter", "one letter", "a"),
    ("letter-and-digit", "a capital letter and a digit", "Z9"),
    ("digit", "a zero", "0"),
    ("every-sign", "letters with each of the four signs between them", "a.b_c:d-e"),
    ("128-digits", "128 digits", "9" * 128),
    ("127-hyphens", "a letter and 127 hyphens", "A" + "-" * 127),
)
REFUSED = (
    ("empty", "is empty", ""),
    ("hyphen-first", "begins with a hyphen", "-a"),
    ("point-first", "begins with a point", ".a"),
    ("underscore-first", "begins with an underscore", "_a"),
    ("colon-first", "begins with a colon", ":a"),
    ("space-inside", "has a space in it", "a b"),
    ("slash", "has a slash in it", "a/b"),
    ("line-feed-last", "ends with a line feed", "a\n"),
    ("line-feed-first", "begins with a line feed", "\na"),
    ("line-break-last", "ends with a carriage return and a line feed", "a\r\n"),
    ("null-character", "ends with a null character", "a\x00"),
    ("accent", "is a letter with an accent", "é"),
    ("129", "has 129 characters", "a" * 129),
    ("full-width", "is a full-width letter", "\uff41"),
    ("other-digit", "has a digit of another script", "a٣"),
    ("space-first", "begins with a space", " a"),
    ("space-last", "ends with a space", "a "),
)
OTHER_TYPES = (
    ("number", "a number", b"5"),
    ("true", "true", b"true"),
    ("list", "a list", b'["a"]'),
    ("object", "an object", b"{}"),
)
NONE = (
    ("missing", "no session id", b'{"message": "hi"}'),
    ("null", "null for a session id", b'{"message": "hi", "session_id": null}'),
)
AT_SESSION = Expect(status=422, problems=(Problem(loc=("body", "session_id")),))


def _quoted(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


CASES = (
    *(
        Case(
            id=f"session-ids.taken-{name}-chat",
            clauses=("request.session-id", "answer.given-session"),
            does=f"The session id is {words}.",
            expects="200, and the answer has the same session id.",
            request=turn("/chat", "hello", session),
            expect=Expect(status=200, has={"session_id": session}),
        )
        for name, words, session in TAKEN
    ),
    *(
        Case(
            id=f"session-ids.taken-{name}-stream",
            clauses=("request.session-id", "answer.given-session", "stream.start"),
            does=f"The session id of a stream is {words}.",
            expects="A stream whose start event has the same session id.",
            request=turn("/chat/stream", "hello", session),
            expect=Expect(status=200, events=({"type": "start", "session_id": session}, ..., {"type": "end"})),
        )
        for name, words, session in TAKEN
    ),
    *(
        Case(
            id=f"session-ids.refused-{name}-{kind}",
            clauses=("request.session-id", "errors.validation"),
            does=f"POST {route} with a session id that {words}.",
            expects="422 with one entry, placed at the session id.",
            request=post(route, b'{"message": "hello", "session_id": %b}' % _quoted(session)),
            expect=AT_SESSION,
        )
        for kind, route in TURNS
        for name, words, session in REFUSED
    ),
    *(
        Case(
            id=f"session-ids.type-{name}",
            clauses=("request.session-id", "errors.validation"),
            does=f"The session id is {words}.",
            expects="422 with one entry, placed at the session id: only a string or null will do.",
            request=post("/chat", b'{"message": "hi", "session_id": %b}' % value),
            expect=AT_SESSION,
        )
        for name, words, value in OTHER_TYPES
    ),
    *(
        Case(
            id=f"session-ids.{name}-chat",
            clauses=("request.session-null", "answer.new-session"),
            does=f"A turn with {words}.",
            expects="200 with a new session id, a UUID of version 4, under which the turn is stored.",
            request=post("/chat", body),
            expect=Expect(status=200, has={"session_id": re.compile(UUID4)}, stored=("hi",)),
        )
        for name, words, body in NONE
    ),
    *(
        Case(
            id=f"session-ids.{name}-stream",
            clauses=("request.session-null", "answer.new-session", "stream.start"),
            does=f"A streamed turn with {words}.",
            expects="A start event with a new session id, a UUID of version 4, under which the turn is stored.",
            request=post("/chat/stream", body),
            expect=Expect(
                status=200,
                events=({"type": "start", "session_id": re.compile(UUID4)}, ..., {"type": "end"}),
                stored=("hi",),
            ),
        )
        for name, words, body in NONE
    ),
)
