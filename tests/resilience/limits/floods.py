"""Requests whose head is too much: many lines, a wide one, a long address, and one that never ends.

Rule: what is sent is bounded here, so a server that takes it all does no harm to the machine, and is found out.
Neighbours: `measured`, `judge`.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from loadtests.measure import MIB, Meter
from loadtests.targets import Target
from tests.conformance.fixtures import Launched, started
from tests.conformance.subject import JSON
from tests.conformance.wire import request
from tests.resilience.limits.look import healthy
from tests.resilience.limits.measured import Flood
from tests.resilience.limits.play import peak

PIECE = 64 * 1024
LIMIT = 64 * MIB
"""Bytes that are sent at most."""
PATIENCE = 20.0
LINES = 100_000
START = b"GET /health HTTP/1.1\r\nHost: parity.test\r\n"
SILENCE = "no answer"


def _lines(_key: str) -> Iterator[bytes]:
    yield START
    for first in range(0, LINES, 1000):
        yield b"".join(b"X-%d: v\r\n" % number for number in range(first, first + 1000))
    yield b"\r\n"


def _wide(_key: str) -> Iterator[bytes]:
    yield START + b"X-Wide: "
    yield from [b"v" * PIECE] * (MIB // PIECE)
    yield b"\r\n\r\n"


def _address(_key: str) -> Iterator[bytes]:
    yield b"GET /health?" + b"v" * PIECE + b" HTTP/1.1\r\nHost: parity.test\r\n\r\n"


def _endless(_key: str) -> Iterator[bytes]:
    yield START + b"X-Endless: "
    yield from [b"v" * PIECE] * (LIMIT // PIECE)


def _trailers(key: str) -> Iterator[bytes]:
    """Of a body that the application waits for, or it would answer before they come."""
    yield request("POST", "/chat", [("X-API-Key", key), JSON, ("Transfer-Encoding", "chunked")])
    yield b"1\r\nv\r\n0\r\nX-Endless: "
    yield from [b"v" * PIECE] * (LIMIT // PIECE)


FLOODS: Mapping[str, Callable[[str], Iterator[bytes]]] = {
    "100,000 header lines": _lines,
    "one header of 1 MiB": _wide,
    "a request line of 64 KiB": _address,
    "a header without end": _endless,
    "a trailer without end": _trailers,
}
UNBOUNDED = ("100,000 header lines", "a header without end")


def unbounded(targets: Mapping[str, Target], folder: Path) -> Iterator[Flood]:
    """What a head without end does to uvicorn's own protocol, in the target that has ours around it."""
    bounded = "fastapi_impl.protocol:BoundedHead"
    for target in targets.values():
        if bounded in target.command and target.workers == 1:
            words = tuple("httptools" if word == bounded else word for word in target.command)
            name = f"{target.name} with --http httptools"
            with started(target.model_copy(update={"command": words}), {}, folder / "unbounded.log") as launched:
                for flood in UNBOUNDED:
                    yield play(flood, launched).model_copy(update={"target": name})


def play(name: str, launched: Launched) -> Flood:
    """Send it until the server has answered or closed, and see what it cost."""
    server, began, sent = launched.process, time.monotonic(), 0
    with Meter(server.processes) as meter, socket.create_connection((server.host, server.port), PATIENCE) as flooding:
        for piece in FLOODS[name](launched.subject.key):
            if not _taken(flooding, piece) or time.monotonic() > began + PATIENCE:
                break
            sent += len(piece)
        answer = _answer(flooding)
        seconds = time.monotonic() - began
    first = meter.samples[0].rss_bytes / MIB
    return Flood(
        target=launched.subject.name,
        flood=name,
        sent_bytes=sent,
        answer=answer,
        seconds=round(seconds, 3),
        grown_mib=round(peak(meter.samples) - first, 1),
        healthy=healthy(server),
    )


def _taken(flooding: socket.socket, piece: bytes) -> bool:
    """Send it; False when the server has had enough."""
    try:
        flooding.sendall(piece)
    except OSError:
        return False
    return True


def _answer(flooding: socket.socket) -> str:
    """The answer's status, "closed" for none, or that nothing came at all."""
    flooding.settimeout(3)
    try:
        line = flooding.recv(4096)
    except TimeoutError:
        return SILENCE
    except OSError:
        return "closed"
    return line.split(b" ")[1].decode("latin-1") if line.startswith(b"HTTP/1.1 ") else "closed"
