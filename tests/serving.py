"""A server of a test's own, run in a thread for the length of a block.

Rule: however the block ends, the server has ended and its thread is gone; nothing waits longer than a handler does.
Neighbours: `clients/site.py`, `clients/relay.py`, `openapi/proxy.py` (what is served).
"""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[str]:
    """Serve until the block ends; gives `host:port`."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            host, port = server.server_address[:2]
            yield f"{host!s}:{port}"
        finally:
            server.shutdown()
            thread.join()
