"""The FastAPI app with a watch inside of it: how late its event loop is, told by `GET /probe`.

Rule: the app itself is untouched. A task sleeps for two milliseconds and looks how late it wakes up; and every step of
the loop is timed, by the clock and by what its thread had of a core, which no other process can lengthen, less what
Python's garbage collector took of it. The loop is asyncio's own, since uvloop lets nobody see its steps. Neighbour:
`lag` runs it.
"""

import asyncio
import gc
import json
import threading
import time
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from fastapi_impl import app as fastapi_app

NAP = 0.002


class Probed:
    """An ASGI app around another, on the same loop."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._late: list[float] = []
        self._longest = [0.0, 0.0, 0.0]
        self._collecting = 0.0
        self._watch: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but the probe."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._look())
        if scope["type"] == "http" and scope["path"] == "/probe":
            wall, cpu, collection = self._longest
            told = {"late": self._late, "wall": wall, "cpu": cpu, "collection": collection}
            body, self._late, self._longest[:] = json.dumps(told).encode(), [], (0.0, 0.0, 0.0)
            headers = [(b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await self.app(scope, receive, send)

    async def _look(self) -> None:
        """Keep by how many seconds each wake was late."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(NAP)
            self._late.append(max(0.0, time.perf_counter() - began - NAP))

    def watch_collections(self) -> None:
        """Know what the garbage collector takes in this thread, the loop's."""
        mine, began = threading.get_ident(), [0.0]

        def collected(phase: str, _: object) -> None:
            if threading.get_ident() == mine:
                took = time.thread_time() - began[0] if phase == "stop" else 0.0
                began[0] = time.thread_time()
                self._collecting += took
                self._longest[2] = max(self._longest[2], took)

        gc.callbacks.append(collected)

    def watch_steps(self) -> None:
        """Time every step of the loop from now on; the longest is kept, in seconds of the clock and of a core."""
        step, longest = asyncio.Handle._run, self._longest  # there is no public hook

        def timed(handle: Any) -> None:
            wall, cpu, self._collecting = time.perf_counter(), time.thread_time(), 0.0
            step(handle)
            longest[0] = max(longest[0], time.perf_counter() - wall)
            longest[1] = max(longest[1], time.thread_time() - cpu - self._collecting)

        asyncio.Handle._run = timed  # type: ignore[method-assign,assignment]  # as above


def create_app() -> ASGIApp:
    """For `uvicorn --factory --loop asyncio`."""
    app = Probed(fastapi_app.create_app())
    app.watch_collections()
    app.watch_steps()
    return app
