"""Both servers compared with each other, byte for byte: not only each with an expectation.

Rule: the same requests go to both in the same state; only what the contract lets differ is left out, and only new
session ids and times of day are masked.
"""

import re

import pytest

from tests.conformance.browser import Preflight, readable
from tests.conformance.profiles import ALLOWED_ORIGIN, FORBIDDEN_ORIGIN
from tests.conformance.requests import ERRORS, FAULTS, LIMIT, MALFORMED, SUCCESSES, Case
from tests.conformance.subject import JSON, Subject, fresh, payload
from tests.conformance.wire import Answer

Twins = tuple[Subject, Subject]

MAY_DIFFER = {"server", "date", "connection", "keep-alive", "transfer-encoding"}
GENERATED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
CLOCK = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?|\b\d\d:\d\d(:\d\d)?\b")

MESSAGES = (
    "hello",
    "calculate 6 * 7",
    "calculate 9**9**9",
    "calculate __import__('os')",
    "calculate (1 + 2) / 0",
    "time in Europe/Paris",
    "time in Nowhere/Land",
    "calculate 2 ** 10 and time in UTC and calculate 1/3",
    "what did I say first?",
    "what did I ask before?",
    "Grüße, 世界 😀",
    "\u2028\x00\x1f\"\\/<script>&'",
    " ",
    "\n\ndata: {}\n\n",
    "x" * 5000,
    "😀" * 5000,
)
OTHERS = (
    Case("post-health", "POST", "/health", 405),
    Case("trace", "TRACE", "/chat", 405),
    Case("empty-session", "GET", "/sessions/", 404),
    Case("impossible-session", "GET", "/sessions/-a", 404),
    Case("impossible-session-no-key", "GET", "/sessions/-a", 401, keyed=False),
    Case("impossible-delete-no-key", "DELETE", "/sessions/-a", 401, keyed=False),
    Case("slash-in-session", "DELETE", "/sessions/a%2Fb", 404),
    Case("dots", "GET", "/chat/../health", 404),
    Case("escaped-dots", "GET", "/%2e/health", 404),
    Case("escaped-letters", "GET", "/%68ealth", 200),
    Case("semicolon", "GET", "/health;x", 404),
    Case("invalid-utf8", "GET", "/%FF", 404),
    Case("null-byte", "GET", "/health%00", 404),
    Case("absolute-form", "GET", "http://parity.test/health", 200),
    Case("head-session", "HEAD", "/sessions/nobody", 404),
    Case("missing-message", "POST", "/chat", 422, (JSON,), b"{}"),
    Case("null-message", "POST", "/chat", 422, (JSON,), b'{"message": null}'),
    Case("number-message", "POST", "/chat", 422, (JSON,), b'{"message": 5}'),
    Case("long-message", "POST", "/chat", 422, (JSON,), payload("x" * 5001)),
    Case("bad-session", "POST", "/chat", 422, (JSON,), payload("hi", "-a")),
    Case("session-with-line-feed", "POST", "/chat", 422, (JSON,), payload("hi", "a\n")),
    Case("two-problems", "POST", "/chat/stream", 422, (JSON,), b'{"message": "", "session_id": 5}'),
    Case("string", "POST", "/chat", 422, (JSON,), b'"hello"'),
    Case("null", "POST", "/chat", 422, (JSON,), b"null"),
    Case("too-large-stream", "POST", "/chat/stream", 413, (JSON,), b" " * (LIMIT + 1)),
    Case("no-media-type", "POST", "/chat", 415, (), payload("hi")),
    Case("no-body", "POST", "/chat", 415),
    Case("declared-no-body", "POST", "/chat", 422, (JSON, ("Content-Length", "0"))),
    Case("no-length", "POST", "/chat", 422, (JSON,)),
)
CASES = [case for case in (*SUCCESSES, *ERRORS, *OTHERS) if case.id != "openapi"]
ORIGINS = (
    "https://a.example",
    ALLOWED_ORIGIN,
    FORBIDDEN_ORIGIN,
    "null",
    "",
    "*",
    "https://app.example, https://b.example",
)
PREFLIGHTS = [
    Preflight(target, origin, method, headers)
    for target in ("/health", "/chat", "/chat/stream", "/sessions/a", "/nope")
    for origin in (ALLOWED_ORIGIN, FORBIDDEN_ORIGIN, "null")
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "BREW")
    for headers in ("", "content-type,x-api-key,x-request-id", "X-Other")
]


def _masked(body: bytes) -> str:
    return CLOCK.sub("<time>", GENERATED.sub("<uuid>", body.decode("utf-8")))


def _headers(answer: Answer) -> list[tuple[str, str]]:
    length = {"content-length"} if answer.header("Transfer-Encoding") or GENERATED.search(str(answer.body)) else set()
    return sorted(item for item in answer.headers if item[0] not in MAY_DIFFER | length)


def _same(one: Answer, other: Answer) -> None:
    assert one.status == other.status
    assert _masked(one.body) == _masked(other.body)
    assert _headers(one) == _headers(other)


@pytest.mark.clause("answer.same-bytes", "stream.tokens")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
def test_conversations(twins: Twins, route: str) -> None:
    """The same conversation gets the same bytes, turn by turn, and is stored as the same bytes."""
    session = fresh()
    for message in MESSAGES:
        _same(*(subject.post(route, payload(message, session), ("X-Request-ID", "x")) for subject in twins))
    _same(*(subject.get(f"/sessions/{session}", ("X-Request-ID", "x")) for subject in twins))


@pytest.mark.clause("answer.same-bytes", "answer.same-headers")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_requests(twins: Twins, case: Case) -> None:
    """The same request, right or wrong, gets the same status, headers and bytes."""
    one, other = (case.send(subject, ("X-Request-ID", "x")) for subject in twins)
    assert one.status == case.status
    _same(one, other)


@pytest.mark.clause("answer.same-headers", "cors.same")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_requests_of_a_page(twins: Twins, case: Case) -> None:
    """A page of another origin gets the same headers from both."""
    headers = (("X-Request-ID", "x"), ("Origin", "https://a.example"))
    _same(*(case.send(subject, *headers) for subject in twins))


@pytest.mark.clause("json.same-words")
@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_json(twins: Twins, kind: str) -> None:
    """Malformed JSON of every kind gets the same bytes."""
    _same(*(subject.post("/chat", MALFORMED[kind], ("X-Request-ID", "x")) for subject in twins))


@pytest.mark.profile("origins")
@pytest.mark.clause("cors.same")
@pytest.mark.parametrize("origin", ORIGINS)
def test_origins(twins: Twins, origin: str) -> None:
    """Of every origin a browser decides the same on both."""
    for case in (SUCCESSES[1], SUCCESSES[4], SUCCESSES[5], *ERRORS, FAULTS[2]):
        answers = [case.send(subject, ("Origin", origin)) for subject in twins]
        assert {readable(answer, origin) for answer in answers} in ({True}, {False}), (case, answers)


@pytest.mark.profile("origins")
@pytest.mark.clause("cors.same")
def test_preflights(twins: Twins) -> None:
    """Of every preflight a browser decides the same on both."""
    one, other = twins
    assert [case for case in PREFLIGHTS if case.passes(one) != case.passes(other)] == []


@pytest.mark.clause("cors.same")
def test_preflights_of_any_origin(twins: Twins) -> None:
    """Of every preflight a browser decides the same on both, with the settings that a user starts with."""
    one, other = twins
    assert [case for case in PREFLIGHTS if case.passes(one) != case.passes(other)] == []


@pytest.mark.profile("faults")
@pytest.mark.clause("answer.same-bytes", "answer.same-headers")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.id)
def test_failures(twins: Twins, case: Case, route: str) -> None:
    """Failures get the same status, headers and bytes."""
    body = payload(f"/{case.id}", fresh())
    _same(*(subject.post(route, body, ("X-Request-ID", "x")) for subject in twins))


@pytest.mark.clause("answer.same-headers", "routes.head")
@pytest.mark.parametrize("target", ["/", "/health", "/docs", "/sessions/nobody", "/chat", "/nope"])
def test_head(twins: Twins, target: str) -> None:
    """HEAD gets the same headers from both."""
    _same(*(subject.request("HEAD", target, [("X-API-Key", subject.key), ("X-Request-ID", "x")]) for subject in twins))


@pytest.mark.clause("request-id.echo", "request-id.replaced", "answer.same-headers")
@pytest.mark.parametrize("value", ["abc", " abc", "abc ", "abc\t", "\tabc", "a\xa0", "\xa0a", "a\xad"], ids=ascii)
def test_request_ids(twins: Twins, value: str) -> None:
    """Both keep the same request ids and replace the same."""
    kept = [
        subject.get("/health", ("X-Request-ID", value)).header("X-Request-ID") == value.strip(" \t")
        for subject in twins
    ]
    assert kept[0] == kept[1]


@pytest.mark.clause("keys.space", "answer.same-headers")
@pytest.mark.parametrize("form", ["{}\xa0", "\xa0{}", "{}\x85", '"{}"', "{};", "{}, {}"], ids=ascii)
def test_keys(twins: Twins, form: str) -> None:
    """Both let the same keys in."""
    one, other = (
        subject.request(
            "GET", "/sessions/nobody", [("X-API-Key", form.format(subject.key, subject.key)), ("X-Request-ID", "x")]
        )
        for subject in twins
    )
    _same(one, other)
