"""The upstream's own process: the app on uvicorn, with connections that can be counted and cut.

Rule: it holds nothing that must be saved, so a signal ends it at once, open calls included. Neighbours: `app`,
`foreground` (runs it in the terminal), `__main__` (runs it for `client`).
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from loadtests.upstream.app import create_app
from loadtests.upstream.options import Options

KEEP_ALIVE = 75  # seconds: longer than any client keeps one idle, so that none is closed under its next request


class Connection:
    """A connection, as the app sees it."""

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._protocol = protocol
        self._used = False

    def first_request(self) -> bool:
        """Whether nobody has asked this before."""
        used, self._used = self._used, True
        return not used

    def close(self) -> None:
        """Close it when all that was written has been sent, whatever the body still lacks."""
        self._protocol.transport.close()


class _Protocol(HttpToolsProtocol):
    """uvicorn's own, which lends each request its connection: `request.state.connection`."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "connection": Connection(self)}, _loop)


class _Server(uvicorn.Server):
    """uvicorn's own, which says when it is ready and does not wait for open calls."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in tuple(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)


def serve(options: Options, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal; then uvicorn raises that signal again."""
    config = uvicorn.Config(
        create_app(options),
        host=host,
        port=port,
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=1,
    )
    _Server(config, ready).run()
