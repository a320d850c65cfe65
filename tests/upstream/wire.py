"""Requests to an upstream by raw sockets, for what no client library shows. Neighbours: `tests.conformance.wire`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from loadtests.upstream import Upstream
from tests.conformance import wire

PATH = "/v1/chat/completions"


def body(message: str, *, stream: bool = True, **more: Any) -> bytes:
    """A question's body."""
    return json.dumps(
        {"model": "m", "messages": [{"role": "user", "content": message}], "stream": stream} | more
    ).encode()


def request(up: Upstream, sent: bytes, *, method: str = "POST", path: str = PATH, key: str | None = None) -> bytes:
    """The request's bytes."""
    headers = [("Authorization", f"Bearer {up.key if key is None else key}"), ("Content-Type", "application/json")]
    return wire.request(method, path, headers, sent)


@contextmanager
def connection(up: Upstream, timeout: float = 10.0) -> Iterator[wire.Connection]:
    """A fresh connection, closed when the block ends."""
    parts = urlsplit(up.url)
    with wire.Connection(parts.hostname or "", parts.port or 0, timeout) as open_one:
        yield open_one


def answer(up: Upstream, sent: bytes, **how: Any) -> wire.Answer:
    """The whole answer to one request."""
    with connection(up) as one:
        one.expect(how.get("method", "POST"))
        one.send(request(up, sent, **how))
        return one.answer()


def chunks(stream: bytes) -> tuple[list[Mapping[str, Any]], bytes]:
    """The chunks of a whole stream as JSON, and its last block."""
    *blocks, last, rest = stream.split(b"\n\n")
    assert rest == b"", stream[-200:]
    return [json.loads(block.removeprefix(b"data: ")) for block in blocks], last
