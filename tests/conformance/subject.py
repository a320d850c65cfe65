"""The server under test, as the cases see it: an address, two keys, and requests with sensible defaults.

Rule: a helper here only saves typing; whatever a case is about, it says itself. Neighbours: `wire`, `events`.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import h11
import pytest

from tests.conformance import events, wire
from tests.conformance.poll import poll

JSON = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True)
class Subject:
    """A running server. `log` is None when the kit did not start it; `server` is the program that runs the app.

    `witness` gives each connection, by the server's name, someone who is told of its bytes (`record`).
    """

    name: str
    url: str
    key: str
    second_key: str | None = None
    log: Path | None = None
    server: str = "unknown"
    witness: Callable[[str], wire.Witness] | None = field(default=None, repr=False, compare=False)

    def connect(self, timeout: float = 10.0) -> wire.Connection:
        """A fresh connection."""
        parts = urlsplit(self.url)
        tls = parts.scheme == "https"
        witness = self.witness(self.name) if self.witness else None
        return wire.Connection(parts.hostname or "", parts.port or (443 if tls else 80), timeout, tls, witness)

    def raw(self, *pieces: bytes, method: str = "POST") -> wire.Answer:
        """Send these bytes, each piece in its own write; an answer that does not come whole fails the case."""
        try:
            with self.connect() as connection:
                connection.expect(method)
                connection.send(*pieces)
                return connection.answer()
        except (OSError, h11.RemoteProtocolError) as error:
            line = b"".join(pieces[:1]).partition(b"\r\n")[0][:80].decode("latin-1")
            raise AssertionError(f"{self.name} gave no whole answer to {line!r}: {error!r}") from error

    def request(self, method: str, target: str, headers: wire.Headers = (), body: bytes | None = None) -> wire.Answer:
        """One request with exactly these headers (and `Host`, `Content-Length`)."""
        return self.raw(wire.request(method, target, headers, body), method=method)

    def get(self, target: str, *headers: tuple[str, str], key: str | None = None) -> wire.Answer:
        """A GET with the first key (or the one given)."""
        return self.request("GET", target, [("X-API-Key", key or self.key), *headers])

    def delete(self, target: str, *, key: str | None = None) -> wire.Answer:
        """A DELETE with the first key (or the one given)."""
        return self.request("DELETE", target, [("X-API-Key", key or self.key)])

    def post(self, target: str, body: bytes, *headers: tuple[str, str], key: str | None = None) -> wire.Answer:
        """A POST of JSON bytes, whatever they are, with the first key (or the one given)."""
        return self.request("POST", target, [("X-API-Key", key or self.key), JSON, *headers], body)

    def chat(self, message: str, session_id: str | None = None, *, key: str | None = None) -> wire.Answer:
        """One turn by POST /chat."""
        return self.post("/chat", payload(message, session_id), key=key)

    @contextmanager
    def stream(self, message: str, session_id: str | None = None, *headers: tuple[str, str]) -> Iterator[events.Stream]:
        """One turn by POST /chat/stream, open; leaving the block closes the connection."""
        sent = wire.request(
            "POST", "/chat/stream", [("X-API-Key", self.key), JSON, *headers], payload(message, session_id)
        )
        with self.connect() as connection:
            yield events.open_stream(connection, sent)

    def streamed(self, message: str, session_id: str | None = None) -> list[events.Event]:
        """All events of one turn by POST /chat/stream."""
        with self.stream(message, session_id) as stream:
            return list(stream.events())

    def messages(self, session_id: str, *, key: str | None = None) -> list[dict[str, str]]:
        """What is stored of a session; an empty list when the server says 404."""
        answer = self.get(f"/sessions/{session_id}", key=key)
        assert answer.status in {200, 404}, answer
        messages: list[dict[str, str]] = answer.json()["messages"] if answer.status == 200 else []
        return messages

    def log_text(self) -> str:
        """All that the server has printed."""
        if self.log is None:
            pytest.skip("not applicable: the kit did not start this server, so it cannot read its log")
        return self.log.read_text(encoding="utf-8", errors="replace")

    def log_lines(self, request_id: str) -> list[Mapping[str, Any]]:
        """The access log's lines of one request, as they are now."""
        lines = self.log_text().splitlines()
        found = [json.loads(line) for line in lines if request_id in line and line.startswith("{")]
        return [line for line in found if line.get("request_id") == request_id and "status" in line]

    def log_line(self, request_id: str, timeout: float = 5.0) -> Mapping[str, Any]:
        """The access log's only line of one request, waited for."""
        lines = poll(lambda: self.log_lines(request_id), timeout, f"a log line of {request_id}")
        assert len(lines) == 1, lines
        return lines[0]


def payload(message: str, session_id: str | None = None, **more: Any) -> bytes:
    """A chat request's body in UTF-8; `session_id` is left out when it is None."""
    fields = {"message": message} | ({"session_id": session_id} if session_id else {}) | more
    return json.dumps(fields, ensure_ascii=False).encode("utf-8")


def fresh(prefix: str = "s") -> str:
    """A name that nobody has used: for a session, or for a request id."""
    return f"{prefix}-{uuid.uuid4().hex}"
