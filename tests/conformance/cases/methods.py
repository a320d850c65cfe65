"""Methods that a route does not take: 405 with the route's methods in Allow, for every route and method."""

from tests.conformance.case import Case, Expect, Request
from tests.conformance.samples import ROUTES

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
HALVES = (
    ("origin", "an Origin and no method asked for", ("Origin", "https://a.example")),
    ("method", "a method asked for and no Origin", ("Access-Control-Request-Method", "POST")),
)


def _name(target: str) -> str:
    return target.strip("/").replace("/", "-").replace(".json", "") or "page"


CASES = (
    *(
        Case(
            id=f"methods.{method.lower()}-{_name(target)}",
            clauses=("routes.method", "routes.allow", "errors.method"),
            does=f"{method} {target}, which takes only {allow}.",
            expects=f"405 Method not allowed, with Allow: {allow}.",
            request=Request(method, target),
            expect=Expect(status=405, headers=(("Allow", allow),)),
        )
        for target, allow in ROUTES.items()
        for method in METHODS
        if method not in allow.split(", ")
    ),
    *(
        Case(
            id=f"methods.half-a-preflight-{name}",
            clauses=("routes.method", "routes.allow"),
            does=f"OPTIONS /chat with {words}, which is no preflight.",
            expects="405 with Allow: POST.",
            request=Request("OPTIONS", "/chat", (header,), keyed=False),
            expect=Expect(status=405, headers=(("Allow", "POST"),)),
        )
        for name, words, header in HALVES
    ),
    *(
        Case(
            id=f"methods.lower-case-{method}",
            clauses=("routes.method",),
            does=f"The method of GET /health is written {method}, and methods have letter case.",
            expects="405 from the app, or 400 from a server that knows its methods by name.",
            request=Request(method, "/health", keyed=False),
            expect=Expect(status=(400, 405)),
        )
        for method in ("get", "Get")
    ),
    Case(
        id="methods.asterisk",
        clauses=("routes.method", "routes.unknown"),
        does="OPTIONS *, which asks about the whole server.",
        expects="404 or 405 from the app, or 400 from the server program, and no 500.",
        request=Request("OPTIONS", "*", keyed=False),
        expect=Expect(status=(400, 404, 405)),
    ),
)
