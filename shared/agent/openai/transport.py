"""The connections to the upstream: httpx2's own transports, with three things added that a server cannot do without.

Rule: a blocked read can be ended from another thread (closing a response does not wake it, shutting its socket down
does); a line of the stream and the body of an error have a length at which they are refused or cut; and a stream that
has said `[DONE]` is read to its end, or its connection could not be used again. Neighbours: `client`, `agent.cancel`.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import aclosing, suppress
from typing import Any, cast

import httpcore2
import httpx2

from shared.agent.cancel import current
from shared.agent.openai.assembler import Nonsense

LIMITS = httpx2.Limits(
    max_connections=None,  # one for each turn in hand; a queue here would look like a slow model
    max_keepalive_connections=None,  # idle ones are gone soon:
    keepalive_expiry=4.0,  # below the 5 s after which uvicorn, and what is built on it, closes them from its side
)
ERROR_BYTES = 64 * 1024  # of an error's body; it is never shown, but the SDK reads it
LINE_SPARE = 64 * 1024  # of a line of the stream, beside the answer's text
# Of a line, in JSON. A whole answer in one event, escaped throughout, could be up to 12: it is refused, since whatever
# is taken is held whole, several times over, before anybody can count its characters.
BYTES_PER_CHARACTER = 2
LAST_BYTES = 0.1  # seconds to wait for the end of a stream that is done, as the SDK's async half does

Socket = httpcore2.SOCKET_OPTION


class Stream(httpcore2.NetworkStream):
    """A connection whose reads and writes end when the call that makes them is cancelled."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner
        self.hurry: float | None = None  # seconds that a read may take, whatever the request said

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As httpcore2 has it."""
        with current().interrupting(self._shut_down):
            return self._inner.read(max_bytes, self.hurry or timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As httpcore2 has it."""
        with current().interrupting(self._shut_down):
            self._inner.write(buffer, timeout)

    def close(self) -> None:
        """As httpcore2 has it."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Stream":
        """As httpcore2 has it; not interrupted, but bounded by the time to connect."""
        return Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """As httpcore2 has it."""
        return self._inner.get_extra_info(info)

    def _shut_down(self) -> None:
        with suppress(OSError):  # it may have broken by itself meanwhile
            self._inner.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


class Backend(httpcore2.NetworkBackend):
    """httpcore2's sync backend, with such connections; to connect is bounded by its time and not interrupted."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Socket] | None = None,
    ) -> Stream:
        """As httpcore2 has it."""
        current().check()
        return Stream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options))


class Gauge:
    """Sees the bytes of a response: how long its line is, whether it is done, and how much of an error has come."""

    def __init__(self, status: int, line: int) -> None:
        self._longest, self._line = line, 0
        self._left = ERROR_BYTES if status >= 400 else None
        self.done = False

    def passed(self, chunk: bytes) -> bytes:
        """The chunk, or what of it is let through; raises `Nonsense` for a line without end."""
        if self._left is not None:
            chunk = chunk[: self._left]
            self._left -= len(chunk)
            return chunk
        newline = chunk.rfind(b"\n")
        self._line = self._line + len(chunk) if newline < 0 else len(chunk) - newline - 1
        if self._line > self._longest:
            raise Nonsense("a line of the stream is longer than an answer may be")
        self.done = b"data: [DONE]" in chunk or b"data:[DONE]" in chunk
        return chunk

    @property
    def full(self) -> bool:
        """Whether the rest is not wanted."""
        return self._left == 0


class Body(httpx2.SyncByteStream):
    """A response's bytes, through the gauge."""

    def __init__(self, inner: httpx2.SyncByteStream, stream: Stream, gauge: Gauge) -> None:
        self._inner, self._stream, self._gauge = inner, stream, gauge
        self._chunks = iter(inner)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            yield self._gauge.passed(chunk)
            if self._gauge.full:
                break

    def close(self) -> None:
        """As httpx2 has it; first to its end, where that is near."""
        try:
            if self._gauge.done:
                self._drain()
        finally:
            self._inner.close()

    def _drain(self) -> None:
        self._stream.hurry = LAST_BYTES
        with suppress(httpx2.TransportError):
            next(self._chunks, None)
        self._stream.hurry = None


class AsyncBody(httpx2.AsyncByteStream):
    """As `Body`; the SDK's async half reads a stream that is done to its end by itself."""

    def __init__(self, inner: httpx2.AsyncByteStream, gauge: Gauge) -> None:
        self._inner, self._gauge = inner, gauge

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async with aclosing(cast(Any, self._inner.__aiter__())) as chunks:
            async for chunk in chunks:
                yield self._gauge.passed(chunk)
                if self._gauge.full:
                    break

    async def aclose(self) -> None:
        """As httpx2 has it."""
        await self._inner.aclose()


class Transport(httpx2.HTTPTransport):
    """httpx2's, over a pool with our backend, for which it has no argument. `characters` may be in one answer."""

    def __init__(self, characters: int) -> None:
        context = httpx2.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=Backend(),
        )
        self._line = longest_line(characters)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """As httpx2 has it."""
        response = super().handle_request(request)
        stream: Stream = response.extensions["network_stream"]
        inner = cast(httpx2.SyncByteStream, response.stream)
        response.stream = Body(inner, stream, Gauge(response.status_code, self._line))
        return response


class AsyncTransport(httpx2.AsyncHTTPTransport):
    """As `Transport`; a task's wait needs nothing of ours to be cancelled."""

    def __init__(self, characters: int) -> None:
        super().__init__(trust_env=False, limits=LIMITS)
        self._line = longest_line(characters)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """As `Transport.handle_request`."""
        response = await super().handle_async_request(request)
        inner = cast(httpx2.AsyncByteStream, response.stream)
        response.stream = AsyncBody(inner, Gauge(response.status_code, self._line))
        return response


def longest_line(characters: int) -> int:
    """Bytes that a line may have, if an answer may have so many characters."""
    return characters * BYTES_PER_CHARACTER + LINE_SPARE
