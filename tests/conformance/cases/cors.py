"""CORS, as a browser sees it: which pages may read which answers, and what a preflight lets through."""

from tests.conformance.browser import Preflight
from tests.conformance.case import Case, Expect, Request
from tests.conformance.cases.build import capital, get, of, post
from tests.conformance.profiles import ALLOWED_ORIGIN, FORBIDDEN_ORIGIN
from tests.conformance.samples import ERRORS, FAULTS, SUCCESSES, Sample, sample
from tests.conformance.subject import JSON, payload

ANY = "https://anywhere.example"
EXPOSED = (("Access-Control-Expose-Headers", "X-Request-ID"),)
NO_CREDENTIALS = (("Access-Control-Allow-Credentials", None),)
CRASHES = (
    sample("crash"),
    Sample("crashed-stream", "POST", "/chat/stream", 200, (JSON,), payload("/crash"), words="a stream that fails"),
)
ALMOST = (
    ("null", "null", "a page without an origin, such as a file"),
    ("longer-host", "https://app.example.evil", "a host whose name begins like a listed one"),
    ("other-scheme", "http://app.example", "a listed host without encryption"),
    ("other-port", "https://app.example:8443", "a listed host on another port"),
    ("point-last", "https://APP.example.", "a listed host in capitals and with a point after it"),
    ("below", "https://sub.app.example", "a host below a listed one"),
    ("two", "https://app.example, https://b.example", "two origins at once, one of them listed"),
    ("any", "*", "any origin"),
)
# what a page needs to chat: JSON, its key, a request id
WANTED = "content-type,x-api-key,x-request-id"
PREFLIGHTS = (
    ("chat", "/chat", "POST"),
    ("stream", "/chat/stream", "POST"),
    ("delete", "/sessions/a", "DELETE"),
    ("read", "/sessions/a", "GET"),
)


def _clauses(each: Sample, *first: str) -> tuple[str, ...]:
    """The clauses that this answer shows beside the first: those about errors, or about streams."""
    kind = ("cors.errors",) if each.status >= 400 else ("cors.stream",) if "stream" in each.id else ()
    return (*first, *kind)


def _preflight(target: str, method: str, origin: str) -> Request:
    return Request("OPTIONS", target, Preflight(target, origin, method, WANTED).asked(), keyed=False)


CASES = (
    *(
        Case(
            id=f"cors.any-{each.id}",
            clauses=_clauses(each, "cors.any", "cors.exposed"),
            does=f"{capital(each.words)}, from a page of any origin, with the settings that a user starts with.",
            expects=f"{each.status}, which the page may read, its request id too, without credentials.",
            request=of(each, ("Origin", ANY)),
            expect=Expect(status=each.status, readable=True, header_parts=EXPOSED, headers=NO_CREDENTIALS),
            profile=profile,
        )
        for profile, table in (("plain", (*SUCCESSES, *ERRORS)), ("faults", FAULTS))
        for each in table
    ),
    *(
        Case(
            id=f"cors.allowed-{each.id}",
            clauses=_clauses(each, "cors.allowed", "cors.vary", "cors.exposed"),
            does=f"{capital(each.words)}, from a page whose origin is listed.",
            expects=f"{each.status}, which the page may read, its request id too; Vary tells caches of it.",
            request=of(each, ("Origin", ALLOWED_ORIGIN)),
            expect=Expect(
                status=each.status,
                readable=True,
                header_parts=(*EXPOSED, ("Vary", "Origin")),
                headers=NO_CREDENTIALS,
            ),
            profile="origins",
        )
        for each in (*SUCCESSES, *ERRORS, *CRASHES)
    ),
    *(
        Case(
            id=f"cors.forbidden-{each.id}",
            clauses=_clauses(each, "cors.forbidden"),
            does=f"{capital(each.words)}, from a page whose origin is not listed.",
            expects=f"{each.status}, which the page may not read.",
            request=of(each, ("Origin", FORBIDDEN_ORIGIN)),
            expect=Expect(status=each.status, readable=False),
            profile="origins",
        )
        for each in (*SUCCESSES, *ERRORS, *CRASHES)
    ),
    *(
        Case(
            id=f"cors.almost-{name}",
            clauses=("cors.forbidden",),
            does=f"GET /health from {words}: {origin}.",
            expects="200, which the page may not read: an origin is listed as a whole or not at all.",
            request=get("/health", ("Origin", origin)),
            expect=Expect(status=200, readable=False),
            profile="origins",
        )
        for name, origin, words in ALMOST
    ),
    Case(
        id="cors.second-of-the-list",
        clauses=("cors.allowed",),
        does="GET /health from the second origin of the list.",
        expects="200, which the page may read: it is as good as the first.",
        request=get("/health", ("Origin", "https://other.example")),
        expect=Expect(status=200, readable=True),
        profile="origins",
    ),
    Case(
        id="cors.no-origin",
        clauses=("cors.any",),
        does="GET /health without an origin, from a server with a list.",
        expects="200: who is no page of another origin is answered as ever.",
        request=get("/health", keyed=False),
        expect=Expect(status=200),
        profile="origins",
    ),
    *(
        Case(
            id=f"cors.stream-of-an-unlisted-page-{name}",
            clauses=("cors.forbidden", "cors.stream"),
            does=f"POST {route} from a page whose origin is almost a listed one.",
            expects="200, which the page may not read.",
            request=post(route, payload("hello"), ("Origin", "https://app.example.evil")),
            expect=Expect(status=200, readable=False),
            profile="origins",
        )
        for name, route in (("chat", "/chat"), ("stream", "/chat/stream"))
    ),
    *(
        Case(
            id=f"cors.preflight-any-{name}",
            clauses=("cors.preflight",),
            does=f"A page of any origin asks, without a key, whether it may send {method} {target}.",
            expects="The preflight passes.",
            request=_preflight(target, method, ANY),
            expect=Expect(status=(200, 204), passes=True),
        )
        for name, target, method in PREFLIGHTS
    ),
    *(
        Case(
            id=f"cors.preflight-allowed-{name}",
            clauses=("cors.preflight", "cors.allowed"),
            does=f"A page whose origin is listed asks whether it may send {method} {target}.",
            expects="The preflight passes.",
            request=_preflight(target, method, ALLOWED_ORIGIN),
            expect=Expect(status=(200, 204), passes=True),
            profile="origins",
        )
        for name, target, method in PREFLIGHTS
    ),
    *(
        Case(
            id=f"cors.preflight-forbidden-{name}",
            clauses=("cors.preflight-forbidden", "cors.forbidden"),
            does=f"A page whose origin is not listed asks whether it may send {method} {target}.",
            expects="The preflight fails, whatever its status is.",
            request=_preflight(target, method, FORBIDDEN_ORIGIN),
            expect=Expect(status=(200, 204, 400, 403), passes=False),
            profile="origins",
        )
        for name, target, method in PREFLIGHTS
    ),
)
