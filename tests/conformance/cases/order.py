"""Which error wins when several hold: 404, 405, 401, 415, 413, 422, in each pair and all at once."""

from tests.conformance.case import Case, Expect, Request
from tests.conformance.cases.build import TURNS
from tests.conformance.samples import LIMIT, TEXT
from tests.conformance.subject import JSON, payload

GARBAGE = b"\xff{"
HUGE = b"{" * (LIMIT + 1)
GOOD = payload("hi")

ROUTES_FIRST = (
    ("404-before-405", 404, "DELETE", "/nope", True, JSON, GOOD, "no route would take with this method"),
    ("404-before-401", 404, "POST", "/nope", False, JSON, GOOD, "has no key"),
    ("404-before-415", 404, "POST", "/nope", True, TEXT, GOOD, "is plain text"),
    ("404-before-413", 404, "POST", "/nope", True, JSON, HUGE, "has a body over the limit"),
    ("404-before-422", 404, "POST", "/nope", True, JSON, GARBAGE, "has a body that is no JSON"),
    ("404-before-all", 404, "POST", "/nope", False, TEXT, HUGE, "is wrong in every way"),
    ("405-before-401", 405, "PUT", "/chat", False, JSON, GOOD, "has no key"),
    ("405-before-415", 405, "PUT", "/chat", True, TEXT, GOOD, "is plain text"),
    ("405-before-413", 405, "PUT", "/chat", True, JSON, HUGE, "has a body over the limit"),
    ("405-before-422", 405, "PUT", "/chat", True, JSON, GARBAGE, "has a body that is no JSON"),
    ("405-before-all", 405, "DELETE", "/chat/stream", False, TEXT, HUGE, "is wrong in every way"),
)
BODIES = (
    ("415", "plain text", TEXT, GOOD),
    ("413", "a body over the limit", JSON, HUGE),
    ("422", "an empty message", JSON, payload("")),
    ("all", "plain text over the limit that is no JSON", TEXT, HUGE),
)
PLAIN_TEXT = (
    ("413", "is over the limit", HUGE),
    ("422", "is no JSON", GARBAGE),
    ("422-empty-message", "has an empty message", payload("")),
    ("nothing", "is empty", b""),
)

CASES = (
    *(
        Case(
            id=f"order.{name}",
            clauses=("order.routes-first",),
            does=f"{method} {target} with a request that {words}.",
            expects=f"{status}: the address and the method come first.",
            request=Request(method, target, (media,), body, keyed),
            expect=Expect(status=status),
        )
        for name, status, method, target, keyed, media, body, words in ROUTES_FIRST
    ),
    *(
        Case(
            id=f"order.401-before-{name}-{kind}",
            clauses=("order.key-first",),
            does=f"POST {route} without a key, with {words}.",
            expects="401 Invalid API Key: without a key nothing is learned about the body.",
            request=Request("POST", route, (media,), body, keyed=False),
            expect=Expect(status=401, detail="Invalid API Key"),
        )
        for kind, route in TURNS
        for name, words, media, body in BODIES
    ),
    *(
        Case(
            id=f"order.415-before-{name}-{kind}",
            clauses=("order.media-first",),
            does=f"POST {route} with plain text that {words}.",
            expects="415: the content type comes before the body.",
            request=Request("POST", route, (TEXT,), body),
            expect=Expect(status=415),
        )
        for kind, route in TURNS
        for name, words, body in PLAIN_TEXT
    ),
    *(
        Case(
            id=f"order.413-before-422-{kind}",
            clauses=("order.size-first",),
            does=f"POST {route} with a body that is over the limit and no JSON.",
            expects="413: it is not parsed.",
            request=Request("POST", route, (JSON,), HUGE),
            expect=Expect(status=413),
        )
        for kind, route in TURNS
    ),
    *(
        Case(
            id=f"order.401-before-404-{method.lower()}",
            clauses=("order.key-first", "keys.refused"),
            does=f"{method} of a session that is not there, without a key.",
            expects="401: without a key nobody learns which sessions there are.",
            request=Request(method, "/sessions/(fresh)", keyed=False),
            expect=Expect(status=401),
        )
        for method in ("GET", "HEAD", "DELETE")
    ),
)
