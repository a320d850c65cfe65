"""A network between a client and a server: what the server sends arrives in small pieces, cut anywhere.

Rule: bytes are passed on as they are, only not all at once; requests go through whole. Neighbours: `test_events`.
"""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.serving import serving

PIECE = 701  # bytes; a prime, so that the cuts go through lines, words and characters alike
PAUSE = 0.002  # seconds between two pieces: this network's, so that a client reads them one by one


class _Cutting(socketserver.BaseRequestHandler):
    """One connection."""

    upstream: tuple[str, int]

    def handle(self) -> None:
        """Until one of both ends closes it."""
        with socket.create_connection(self.upstream) as server:
            threading.Thread(target=_pass_on, args=(self.request, server), daemon=True).start()
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _pass_on(server, self.request, PIECE)


def _pass_on(source: socket.socket, target: socket.socket, piece: int = 65536) -> None:
    with contextlib.suppress(OSError):  # either end may be gone, which is the end of the other
        while data := source.recv(piece):
            target.sendall(data)
            time.sleep(PAUSE if len(data) == piece else 0)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def cutting(url: str) -> Iterator[str]:
    """The server at `url` behind such a network; the address to use instead."""
    parts = urlsplit(url)
    handler = type("Handler", (_Cutting,), {"upstream": (parts.hostname, parts.port)})
    relay = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    relay.daemon_threads = True
    with serving(relay) as place:
        yield f"{parts.scheme}://{place}"
