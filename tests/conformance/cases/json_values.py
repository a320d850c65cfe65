"""Bodies that are JSON: those that only look wrong and are taken, and those that are no object and are refused."""

from tests.conformance.case import Case, Expect, Problem
from tests.conformance.cases.build import post
from tests.conformance.cases.malformed import nested
from tests.conformance.subject import payload

TAKEN = Expect(status=200)

NO_OBJECTS = (
    ("list", "an empty list", b"[]"),
    ("list-of-an-object", "a list that holds a good request", b'[{"message": "hi"}]'),
    ("string", "a string", b'"hello"'),
    ("number", "a number", b"5"),
    ("huge-number", "a number beyond what a float can hold", b"1e999"),
    ("null", "null", b"null"),
    ("true", "true", b"true"),
    ("json-in-a-string", "a string that holds JSON, which is not parsed a second time", b'"{\\"message\\":\\"hi\\"}"'),
)
NUMBERS = (
    ("beyond-64-bits", "an integer beyond 64 bits", "12345678901234567890123"),
    ("minus-zero", "a zero with a minus sign", "-0"),
    ("exponent", "a number with an exponent", "1e5"),
    ("negative-exponent", "a number with a capital E and a negative exponent", "0.1E-7"),
    ("300-digits", "an integer of 300 digits", "1" * 300),
    ("beyond-float", "a number beyond what a float can hold", "1e999"),
)

CASES = (
    *(
        Case(
            id=f"json.no-object-{name}",
            clauses=("json.malformed", "errors.validation"),
            does=f"The body is JSON that is no object: {words}.",
            expects="422 with one entry, and not of the type json_invalid: it is JSON.",
            request=post("/chat", body),
            expect=Expect(status=422, problems=(Problem(loc=("body",)),)),
        )
        for name, words, body in NO_OBJECTS
    ),
    *(
        Case(
            id=f"json.number-{name}",
            clauses=("json.numbers", "request.unknown-fields"),
            does=f"An unknown field holds {words}.",
            expects="200: it is a number of JSON, wherever a machine word ends.",
            request=post("/chat", b'{"message": "hi", "n": %b}' % number.encode()),
            expect=TAKEN,
        )
        for name, words, number in NUMBERS
    ),
    Case(
        id="json.nesting-100",
        clauses=("json.nesting", "request.unknown-fields"),
        does="An unknown field is nested so that the body has 100 levels.",
        expects="200: so many levels are taken.",
        request=post("/chat", nested(100)),
        expect=TAKEN,
    ),
    Case(
        id="json.duplicates",
        clauses=("json.duplicates",),
        does="Both fields come twice, the first time with values that would be refused.",
        expects="200, and the session has the last message under the last session id.",
        request=post("/chat", b'{"message": 5, "session_id": "-", "message": "last", "session_id": "(fresh)"}'),
        expect=Expect(status=200, has={"session_id": "(fresh)"}, stored=("last",)),
    ),
    Case(
        id="json.duplicates-last-is-bad",
        clauses=("json.duplicates", "errors.validation"),
        does="The message comes twice, and only the first of the two is good.",
        expects="422 at the message, since the last wins.",
        request=post("/chat", b'{"message": "first", "message": 5}'),
        expect=Expect(status=422, problems=(Problem(loc=("body", "message")),)),
    ),
    Case(
        id="json.surrogate-pair",
        clauses=("json.surrogate", "answer.utf8"),
        does="The message is a character beyond the basic plane, written as two escapes.",
        expects="200, and one character is stored.",
        request=post("/chat", b'{"message": "\\ud83d\\ude00", "session_id": "(fresh)"}'),
        expect=Expect(status=200, stored=("😀",)),
    ),
    Case(
        id="json.escapes",
        clauses=("json.malformed", "request.message"),
        does="The message has every short escape of JSON, and the name of its field is escaped too.",
        expects="200, and the characters are stored that the escapes stand for.",
        request=post("/chat", rb'{"mess\u0061ge": "\"\\\/\b\f\n\r\t", "session_id": "(fresh)"}'),
        expect=Expect(status=200, stored=('"\\/\b\f\n\r\t',)),
    ),
    Case(
        id="json.white-space",
        clauses=("json.malformed",),
        does="All four white space characters of JSON stand before and after the object.",
        expects="200: they are no part of it.",
        request=post("/chat", b"\t\r\n " + payload("hi") + b" \n\r\t"),
        expect=TAKEN,
    ),
)
