"""Addresses that are no routes, those that look like one above all: nothing is repaired and nothing redirected."""

from tests.conformance.case import Case, Expect, Request
from tests.conformance.cases.build import get, post
from tests.conformance.subject import payload

UNKNOWN = (
    ("nope", "/nope", "an address that nothing is like"),
    ("chat-streams", "/chat/streams", "an address one letter longer than a route's"),
    ("below-docs", "/docs/nope", "an address below the documentation"),
    ("health-line-feed", "/health%0A", "a route with a line feed after it"),
    ("chat-line-feed", "/chat%0A", "a route for turns with a line feed after it"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
REPAIRABLE = (
    ("two-slashes-health", "//health", "two slashes at the beginning"),
    ("health-slash", "/health/", "a slash at the end"),
    ("health-two-slashes", "/health//", "two slashes at the end"),
    ("chat-slash", "/chat/", "a slash after chat"),
    ("two-slashes-chat", "//chat", "two slashes before chat"),
    ("two-slashes-inside", "/chat//stream", "two slashes inside"),
    ("stream-slash", "/chat/stream/", "a slash after stream"),
    ("docs-slash", "/docs/", "a slash after docs"),
    ("openapi-slash", "/openapi.json/", "a slash after the document's name"),
    ("sessions", "/sessions", "no session id"),
    ("sessions-slash", "/sessions/", "an empty session id"),
    ("sessions-two-slashes", "/sessions//", "a slash for a session id"),
    ("session-slash", "/sessions/a/", "a slash after the session id"),
    ("below-session", "/sessions/a/b", "something below a session"),
    ("capitals", "/HEALTH", "capital letters"),
    ("only-slashes", "//", "nothing but two slashes"),
    ("dots", "/chat/../health", "dots that lead to a route"),
    ("dot", "/./health", "a dot before the route"),
    ("escaped-dots", "/%2e/health", "an escaped dot before the route"),
    ("semicolon", "/health;x", "a semicolon and more after the route"),
    ("backslash", "/health%5C", "an escaped backslash at the end"),
    ("invalid-utf8", "/%FF", "a byte that UTF-8 does not know"),
    ("null-byte", "/health%00", "an escaped null byte after the route"),
    ("space", "/health%20", "an escaped space after the route"),
    ("escaped-question-mark", "/health%3Fx=1", "an escaped question mark and a query"),
    ("accent", "/h%C3%A9alth", "a letter with an accent"),
)
POSTED = (("slash", "/chat/"), ("two-slashes", "//chat"), ("stream-slash", "/chat/stream/"))
TAKEN = (
    ("escaped-letters", "/%68ealth", "one letter of the route escaped"),
    ("empty-query", "/health?", "an empty query"),
    ("absolute-form", "http://parity.test/health", "the whole URL, as a proxy would be asked"),
)
IMPOSSIBLE = Request("DELETE", "/sessions/-a")

CASES = (
    *(
        Case(
            id=f"addresses.{name}-{method.lower()}",
            clauses=("routes.unknown",),
            does=f"{method} of {words}: {target}.",
            expects="404 for every method and without a key.",
            request=Request(method, target, keyed=False),
            expect=Expect(status=404),
        )
        for name, target, words in UNKNOWN
        for method in METHODS
    ),
    *(
        Case(
            id=f"addresses.{name}",
            clauses=("routes.no-redirect", "routes.unknown"),
            does=f"GET {target}, an address with {words}.",
            expects="404 and no Location: it is not repaired.",
            request=get(target),
            expect=Expect(status=404, headers=(("Location", None),)),
        )
        for name, target, words in REPAIRABLE
    ),
    *(
        Case(
            id=f"addresses.post-{name}",
            clauses=("routes.no-redirect",),
            does=f"A good turn is posted to {target}.",
            expects="404 and no Location: a redirect could lose the body.",
            request=post(target, payload("hello", "(fresh)")),
            expect=Expect(status=404, headers=(("Location", None),)),
        )
        for name, target in POSTED
    ),
    *(
        Case(
            id=f"addresses.{name}",
            clauses=("routes.health",),
            does=f"GET {target}: the health check with {words}.",
            expects="200: it is the same address by RFC 3986 and RFC 9112.",
            request=get(target, keyed=False),
            expect=Expect(status=200, has={"status": "healthy"}),
        )
        for name, target, words in TAKEN
    ),
    *(
        Case(
            id=f"addresses.impossible-session-{name}",
            clauses=("routes.session-impossible",),
            does=f"{request.method} of the session -a, which no turn can have, {words}.",
            expects=expects,
            request=request,
            expect=Expect(status=status),
        )
        for name, words, request, status, expects in (
            ("get", "with a key", get("/sessions/-a"), 404, "404, as for one that is not there."),
            ("delete", "with a key", IMPOSSIBLE, 204, "204, as for one that is not there."),
            ("get-no-key", "without a key", get("/sessions/-a", keyed=False), 401, "401: the key comes first."),
            (
                "delete-no-key",
                "without a key",
                Request("DELETE", "/sessions/-a", keyed=False),
                401,
                "401: the key comes first here too.",
            ),
        )
    ),
    Case(
        id="addresses.escaped-slash",
        clauses=("routes.no-redirect",),
        does="GET /chat%2Fstream, an address with an escaped slash for the slash of a route.",
        expects="405 where the two are one address, 404 where they are not, and no Location.",
        request=get("/chat%2Fstream"),
        expect=Expect(status=(404, 405), headers=(("Location", None),)),
    ),
    Case(
        id="addresses.slash-in-session",
        clauses=("routes.session-impossible", "routes.unknown"),
        does="DELETE of a session whose id has an escaped slash in it.",
        expects="404: it is an address below a session, which is no route.",
        request=Request("DELETE", "/sessions/a%2Fb"),
        expect=Expect(status=404),
    ),
)
