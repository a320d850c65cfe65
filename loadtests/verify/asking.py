"""One GET to a server of which nothing is known: a whole answer, or one sentence that says what became of it.

Rule: `WITHIN` seconds for all of it, connecting included, however slowly the bytes come, and at most `MOST` bytes. Raw
sockets, because each way to fail must be told apart, and no proxy of the environment may come between.
Neighbours: `url` asks and decides; h11 parses.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import h11

from loadtests.errors import UserError

WITHIN = 5.0
MOST = 1024 * 1024
HTTP = b"HTTP/1."
"""How every answer begins."""
TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
"""How every answer to a ClientHello begins: an alert or a handshake record, RFC 8446, section 5.1."""


class Unclear(UserError):
    """An answer that is none of ours; perhaps the other scheme would be understood."""


@dataclass(frozen=True)
class Address:
    """Where a server listens. `named`: the URL has the port in it."""

    url: str
    host: str
    port: int
    tls: bool
    named: bool = True

    def __str__(self) -> str:
        return f"{self.host}, port {self.port}" + ("" if self.named else " (the URL names none)")


@dataclass(frozen=True)
class Answer:
    """A whole answer; header names in lower case, the last of several wins."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(address: Address, asked: str, target: str, key: str = "") -> Answer:
    """Return the answer to a GET of `target`, whatever it is; `asked` is what a sentence calls it.

    Raises `UserError`, and `Unclear` where what came back is no answer.
    """
    parser = h11.Connection(h11.CLIENT)
    host = address.url.partition("://")[2].encode("ascii", "replace")
    headers = [(b"Host", host), (b"Accept", b"application/json"), (b"Connection", b"close")]
    keyed = [(b"X-API-Key", key.encode("latin-1"))] if key else []
    request = h11.Request(method="GET", target=target, headers=[*headers, *keyed])
    sent = (parser.send(request) or b"") + (parser.send(h11.EndOfMessage()) or b"")
    with _connected(address) as (connection, left):
        return _Reading(address, asked, parser).answer(connection, sent, left)


def speaks(address: Address, *, tls: bool) -> bool:
    """Tell whether the first bytes that come back are those of TLS, or of plain HTTP."""
    hello = _client_hello(address.host) if tls else b"GET /health HTTP/1.1\r\nHost: parity\r\nConnection: close\r\n\r\n"
    beginnings = TLS_RECORDS if tls else (HTTP,)
    try:
        with socket.create_connection((address.host, address.port), WITHIN / 2) as connection:
            connection.sendall(hello)
            return connection.recv(16).startswith(beginnings)
    except OSError:
        return False


Left = Callable[[], float]
"""Seconds until the time is up; raises TimeoutError then."""


def _until(deadline: float) -> Left:
    def left() -> float:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    return left


@contextmanager
def _connected(address: Address) -> Iterator[tuple[socket.socket, Left]]:
    left = _until(time.monotonic() + WITHIN)
    try:
        raw = socket.create_connection((address.host, address.port), left())
    except (OSError, UnicodeError) as error:
        raise UserError(_no_connection(address, error)) from error
    with raw:
        if not address.tls:
            yield raw, left
            return
        raw.settimeout(left())
        try:
            wrapped = ssl.create_default_context().wrap_socket(raw, server_hostname=address.host)
        except ssl.SSLCertVerificationError as error:
            raise UserError(
                f"the certificate of {address.url} is not trusted ({error.verify_message}); "
                "put its authority's file into SSL_CERT_FILE, or give a name that the certificate is for"
            ) from error
        except OSError as error:
            raise Unclear(
                f"what listens at {address} takes no TLS connection ({_reason(error)}); correct the URL"
            ) from error
        with wrapped:
            yield wrapped, left


def _no_connection(address: Address, error: Exception) -> str:
    """The sentence for a connection that was not made."""
    table: Mapping[type[Exception], str] = {
        socket.gaierror: f"the name {address.host} is not known ({_reason(error)}); correct it, or give an address",
        UnicodeError: f"{address.host!r} cannot be the name of a host; correct the URL",
        ConnectionRefusedError: f"nothing listens at {address}; start the server, or correct the URL",
        TimeoutError: f"{address} takes no connection within {WITHIN:g} s; correct the URL, or open the firewall",
    }
    known = next((text for kind, text in table.items() if isinstance(error, kind)), None)
    return known or f"{address} cannot be reached ({_reason(error)}); correct the URL, or start the server"


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


class _Reading:
    """One answer on its way; `received` counts the bytes, so that a failure can say how far it came."""

    def __init__(self, address: Address, asked: str, parser: h11.Connection) -> None:
        self._address, self._asked, self._parser = address, asked, parser
        self._received = bytearray()
        self._ended = False

    def answer(self, connection: socket.socket, sent: bytes, left: Left) -> Answer:
        """Send, and wait for all of it."""
        try:
            connection.sendall(sent)
            return self._whole(connection, left)
        except TimeoutError as error:
            raise self._unclear(
                f"does not answer {{asked}} within {WITHIN:g} s",
                f"begins to answer {{asked}} and does not end within {WITHIN:g} s",
                "start it again, and see in its log what it waits for",
            ) from error
        except h11.RemoteProtocolError as error:
            raise (self._closed() if self._ended else self._no_http()) from error
        except OSError as error:
            raise self._closed() from error

    def _whole(self, connection: socket.socket, left: Left) -> Answer:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
                return Answer(head.status_code, MappingProxyType(headers), bytes(body))
            elif event is h11.NEED_DATA:
                self._feed(connection, left)

    def _feed(self, connection: socket.socket, left: Left) -> None:
        connection.settimeout(left())
        data = connection.recv(1 << 16)
        self._received += data
        self._ended = not data
        if self._received[: len(HTTP)] != HTTP[: len(self._received)]:
            raise self._no_http()
        if len(self._received) > MOST:
            raise Unclear(
                f"what answers at {self._address.url} is not this API: it answers {self._asked} with more than "
                f"{MOST:,} bytes; correct the URL"
            )
        self._parser.receive_data(data)

    def _no_http(self) -> Unclear:
        said = bytes(self._received[:40])
        return Unclear(f"what answers at {self._address.url} is not HTTP/1.1: {said!r}; correct the URL")

    def _closed(self) -> Unclear:
        return self._unclear(
            "closes the connection without an answer to {asked}",
            "closes the connection in the middle of its answer to {asked}",
            "the reason is in its log, if it is the right server",
        )

    def _unclear(self, before: str, within: str, cure: str) -> Unclear:
        what = (within if self._received else before).format(asked=self._asked)
        return Unclear(f"the server at {self._address.url} {what}; {cure}")


def _client_hello(host: str) -> bytes:
    """What a TLS client says first; nothing more is done with the connection."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(received, sent, server_hostname=host).do_handshake()
    except ssl.SSLWantReadError:
        return sent.read()
    raise AssertionError("a handshake ends with nobody at the other end")
