"""What a connection is given and gives back: where, the request's bytes, the answer with its times, a failure.

Rule: frozen values, no I/O but the one look-up of a server's address. Neighbours: `exchange`, `http`.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

from loadtests.errors import UserError


class Endpoint(NamedTuple):
    """A server's address, resolved once so that no request waits for a name."""

    family: int
    address: Any
    host: str

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """The endpoint of a base URL such as http://127.0.0.1:8000."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or 80
        except ValueError as error:
            raise UserError(f"{url!r} is not a URL ({error}); give one like http://127.0.0.1:8000") from error
        if parts.scheme != "http" or not host or parts.path not in {"", "/"} or parts.query:
            raise UserError(f"{url!r} cannot be loaded; give a plain base URL like http://127.0.0.1:8000")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UserError(f"the host of {url} is unknown ({error.strerror}); check its spelling") from error
        return cls(int(found[0][0]), found[0][4], parts.netloc)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no whole answer. A `truncated` body ended before its framing said it would."""

    kind: Literal["connect", "timeout", "closed", "truncated", "malformed"]
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


class Reply(NamedTuple):
    """An answer and its times (seconds, `time.monotonic`).

    `sent` is when the request was begun, connecting included; `first_byte` when the first read returned;
    `end` when the last one did (or the failure was noticed). `body` is empty for a stream, which went to
    its reader.
    """

    sent: float
    first_byte: float | None
    end: float
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    failure: Failure | None


class Reader(Protocol):
    """What takes a stream's body: the bytes of one read and the time it returned."""

    def read(self, stamp: float, data: bytes) -> None:
        """Take what one read brought; `SSEError` ends the exchange as malformed."""


def prepare(
    endpoint: Endpoint,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> bytes:
    """A whole request as bytes, made once and sent many times."""
    fields = {"Host": endpoint.host, **(headers or {})}
    if body is not None:
        fields["Content-Length"] = str(len(body))
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode("latin-1") + b"\r\n" + (body or b"")
