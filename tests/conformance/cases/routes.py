"""What each route answers when all is well, and HEAD, which answers the same without a body."""

import re

from tests.conformance.case import Case, Expect, Raw, Request
from tests.conformance.cases.build import get, post, turn
from tests.conformance.subject import JSON, payload

HEALTHY = {"status": "healthy", "version": "1.0.0"}
HTML = ("Content-Type", re.compile(r"text/html(;\s*charset=utf-8)?", re.IGNORECASE))
ANY = re.compile(r".+", re.DOTALL)
AS_JSON = ("Content-Type", "application/json")
WITHOUT_A_BODY = (
    ("page", "/", True, 200, "the chat page"),
    ("health", "/health", True, 200, "the health check"),
    ("docs", "/docs", True, 200, "the documentation"),
    ("openapi", "/openapi.json", True, 200, "the OpenAPI document"),
    ("no-such-session", "/sessions/nobody", True, 404, "a session that is not there"),
    ("session-without-key", "/sessions/nobody", False, 401, "a session, without a key"),
    ("impossible-session", "/sessions/-a", True, 404, "a session whose id cannot be one"),
    ("unknown-address", "/nope", True, 404, "an address that is no route"),
    ("chat", "/chat", True, 405, "a route that takes only POST"),
    ("stream", "/chat/stream", True, 405, "the route of streams, which takes only POST"),
)

CASES = (
    Case(
        id="routes.page",
        clauses=("routes.page",),
        does="GET / without a key.",
        expects="200 with an HTML page.",
        request=get("/", keyed=False),
        expect=Expect(status=200, headers=(HTML,), body_has=(b"<html", b"</html>")),
    ),
    Case(
        id="routes.docs",
        clauses=("docs.page",),
        does="GET /docs without a key.",
        expects="200 with an HTML page.",
        request=get("/docs", keyed=False),
        expect=Expect(status=200, headers=(HTML,), body_has=(b"swagger",)),
    ),
    Case(
        id="routes.openapi",
        clauses=("openapi.version",),
        does="GET /openapi.json without a key.",
        expects="200 with a JSON document that says it is OpenAPI 3.1.",
        request=get("/openapi.json", keyed=False),
        expect=Expect(status=200, headers=(AS_JSON,), has={"openapi": re.compile(r"3\.1\.\d+")}),
    ),
    Case(
        id="routes.health",
        clauses=("routes.health",),
        does="GET /health without a key.",
        expects="200 with the status healthy and the version, in this order and nothing else.",
        request=get("/health", keyed=False),
        expect=Expect(status=200, headers=(AS_JSON,), json=HEALTHY),
    ),
    Case(
        id="routes.health-query",
        clauses=("routes.health",),
        does="GET /health with a query that nobody asked for, a broken escape in it.",
        expects="200 as without it.",
        request=get("/health?x=1&x=2&%ff", keyed=False),
        expect=Expect(status=200, json=HEALTHY),
    ),
    Case(
        id="routes.health-key",
        clauses=("routes.health",),
        does="GET /health with a key, which it does not need, and which is wrong.",
        expects="200: a key that nobody asked for is not looked at.",
        request=get("/health", ("X-API-Key", "wrong"), keyed=False),
        expect=Expect(status=200, json=HEALTHY),
    ),
    Case(
        id="routes.health-body",
        clauses=("routes.health",),
        does="GET /health with a body.",
        expects="200 as without it.",
        request=Request("GET", "/health", (JSON,), payload("hello"), keyed=False),
        expect=Expect(status=200, json=HEALTHY),
    ),
    Case(
        id="routes.health-http-1.0",
        clauses=("routes.health",),
        does="GET /health in HTTP/1.0, as simple probes send it.",
        expects="200 as in HTTP/1.1.",
        request=Raw((b"GET /health HTTP/1.0\r\n\r\n",)),
        expect=Expect(status=200, json=HEALTHY),
    ),
    Case(
        id="routes.health-header-in-pieces",
        clauses=("routes.health",),
        does="GET /health whose bytes come in four pieces, split inside the method, a header and the line end.",
        expects="200 as in one piece.",
        request=Raw((b"GE", b"T /health HTTP/1.1\r\nHo", b"st: parity.test\r", b"\n\r\n")),
        expect=Expect(status=200, json=HEALTHY),
    ),
    Case(
        id="routes.chat",
        clauses=("routes.chat", "answer.field-order", "answer.given-session", "answer.tool-calls"),
        does="POST /chat with a message that calls no tool.",
        expects="200 with a reply, the session id and an empty list of tool calls, in this order.",
        request=turn("/chat", "hello"),
        expect=Expect(
            status=200,
            headers=(AS_JSON,),
            json={"reply": ANY, "session_id": "(fresh)", "tool_calls": []},
            stored=("hello",),
        ),
    ),
    Case(
        id="routes.stream",
        clauses=("routes.stream", "stream.start", "stream.terminal", "stream.headers"),
        does="POST /chat/stream with a message.",
        expects="200 with an event stream: start, tokens, end; and the headers that keep it from being buffered.",
        request=turn("/chat/stream", "hello"),
        expect=Expect(
            status=200,
            headers=(
                ("Content-Type", "text/event-stream; charset=utf-8"),
                ("Cache-Control", "no-cache"),
                ("X-Accel-Buffering", "no"),
                ("Content-Length", None),
                ("Content-Encoding", None),
            ),
            events=(
                {"type": "start", "session_id": "(fresh)"},
                {"type": "token", "content": ANY},
                ...,
                {"type": "end"},
            ),
            stored=("hello",),
        ),
    ),
    Case(
        id="routes.stream-compression",
        clauses=("stream.headers",),
        does="POST /chat/stream from a client that would take a compressed answer.",
        expects="A stream that is not compressed: a compressor holds events back.",
        request=post("/chat/stream", payload("hello"), ("Accept-Encoding", "gzip, br")),
        expect=Expect(
            status=200,
            headers=(("Content-Encoding", None),),
            events=({"type": "start", "session_id": ANY}, ..., {"type": "end"}),
        ),
    ),
    Case(
        id="routes.stream-accept",
        clauses=("routes.stream",),
        does="POST /chat/stream from a client that says it accepts only JSON.",
        expects="An event stream all the same: the route has no other form.",
        request=post("/chat/stream", payload("hello"), ("Accept", "application/json")),
        expect=Expect(status=200, headers=(("Content-Type", "text/event-stream; charset=utf-8"),)),
    ),
    Case(
        id="routes.chat-accept",
        clauses=("routes.chat",),
        does="POST /chat from a client that says it accepts only HTML.",
        expects="200 in JSON all the same.",
        request=post("/chat", payload("hello"), ("Accept", "text/html")),
        expect=Expect(status=200, headers=(AS_JSON,)),
    ),
    Case(
        id="routes.chat-100-continue",
        clauses=("routes.chat",),
        does="POST /chat from a client that asks for leave to send its body, and sends it.",
        expects="200, whether or not a 100 comes first.",
        request=post("/chat", payload("hello"), ("Expect", "100-continue")),
        expect=Expect(status=200),
    ),
    Case(
        id="routes.chat-query",
        clauses=("routes.chat",),
        does="POST /chat with a message in the query too.",
        expects="200, and what is stored is the message of the body.",
        request=turn("/chat?message=other&session_id=other", "hello"),
        expect=Expect(status=200, has={"session_id": "(fresh)"}, stored=("hello",)),
    ),
    Case(
        id="routes.session-unknown",
        clauses=("routes.session-unknown", "errors.not-found"),
        does="GET of a session that nobody has begun.",
        expects="404 Not found, with a sentence.",
        request=get("/sessions/(fresh)"),
        expect=Expect(status=404, headers=(AS_JSON,)),
    ),
    Case(
        id="routes.session-delete",
        clauses=("routes.session-delete",),
        does="DELETE of a session that nobody has begun.",
        expects="204 without a body, as for one that was there.",
        request=Request("DELETE", "/sessions/(fresh)"),
        expect=Expect(status=204, body=b""),
    ),
    Case(
        id="routes.session-delete-body",
        clauses=("routes.session-delete",),
        does="DELETE of a session with a body that is no JSON.",
        expects="204: nobody reads it.",
        request=Request("DELETE", "/sessions/(fresh)", (JSON,), b"{"),
        expect=Expect(status=204, body=b""),
    ),
    *(
        Case(
            id=f"routes.head-{name}",
            clauses=("routes.head", *(("errors.envelope",) if status >= 400 else ())),
            does=f"HEAD of {words}.",
            expects=f"{status} with no body{', and the content type of an error' if status >= 400 else ''}.",
            request=Request("HEAD", target, keyed=keyed),
            expect=Expect(status=status, body=b""),
        )
        for name, target, keyed, status, words in WITHOUT_A_BODY
    ),
)
