"""The requests that a page of another origin sends: every kind of answer, every kind of error.

Rule: data; `(session)` stands for a session of the case's own. Neighbours: `test_origins`.
"""

from dataclasses import dataclass, replace
from typing import Any

from tests.conformance.samples import LIMIT
from tests.conformance.subject import JSON, Subject, fresh
from tests.conformance.wire import Answer

SESSION = "(session)"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request and the status that it gets. `keyed`: with the server's key; `stored`: in a session with a turn."""

    id: str
    method: str
    target: str
    status: int
    body: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    keyed: bool = True
    stored: bool = False
    session: str = SESSION

    def prepared(self, server: Subject) -> "Ask":
        """The same in a new session, in which a turn has been stored where the request needs one."""
        session = fresh()
        if self.stored:
            assert server.chat("calculate 6 * 7", session).status == 200
        body = self.body and self.body.replace(SESSION, session)
        return replace(self, target=self.target.replace(SESSION, session), body=body, session=session)

    def send(self, server: Subject) -> Answer:
        """Send it as a client without an origin."""
        body = None if self.body is None else self.body.encode()
        return server.request(self.method, self.target, list(self._headers(server).items()), body)

    def as_fetch(self, server: Subject, name: str | None = None) -> dict[str, Any]:
        """The same for a page; `name`: its X-Request-ID."""
        headers = self._headers(server) | ({"X-Request-ID": name} if name else {})
        return {"url": f"{server.url}{self.target}", "method": self.method, "headers": headers, "body": self.body}

    def masked(self, text: str) -> str:
        """A body without the session's id."""
        return text.replace(self.session, SESSION)

    def _headers(self, server: Subject) -> dict[str, str]:
        return dict(self.headers) | ({"X-API-Key": server.key} if self.keyed else {})


def _post(name: str, target: str, status: int, message: str, *, keyed: bool = True) -> Ask:
    body = f'{{"message":"{message}","session_id":"{SESSION}"}}'
    return Ask(name, "POST", target, status, body, (JSON,), keyed)


ANSWERS = (
    Ask("health", "GET", "/health", 200, keyed=False),
    _post("chat", "/chat", 200, "hello"),
    _post("stream", "/chat/stream", 200, "calculate 6 * 7"),
    Ask("session", "GET", f"/sessions/{SESSION}", 200, stored=True),
    Ask("delete", "DELETE", f"/sessions/{SESSION}", 204, stored=True),
)
ERRORS = (
    _post("no-key", "/chat", 401, "hello", keyed=False),
    _post("no-key-stream", "/chat/stream", 401, "hello", keyed=False),
    Ask("unknown-route", "GET", "/nope", 404),
    Ask("unknown-session", "GET", f"/sessions/{SESSION}", 404),
    Ask("method", "DELETE", "/chat", 405),
    Ask("too-large", "POST", "/chat", 413, " " * (LIMIT + 1), (JSON,)),
    Ask("media-type", "POST", "/chat", 415, "hello", (("Content-Type", "text/plain"),)),
    Ask("malformed", "POST", "/chat", 422, "{", (JSON,)),
    Ask("malformed-stream", "POST", "/chat/stream", 422, "{", (JSON,)),
)
FAILURES = (
    _post("crash", "/chat", 500, "/crash"),
    _post("fail", "/chat", 502, "/fail"),
    _post("crashed-stream", "/chat/stream", 200, "/crash"),
    _post("failed-stream", "/chat/stream", 200, "/fail"),
)
SIMPLE = (
    Ask("health", "GET", "/health", 200, keyed=False),
    Ask("no-key", "POST", "/chat", 401, "hello", (("Content-Type", "text/plain"),), keyed=False),
    Ask("unknown-route", "GET", "/nope", 404, keyed=False),
    Ask("method", "GET", "/chat", 405, keyed=False),
)
"""What a browser sends without a preflight."""
