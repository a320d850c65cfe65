"""gunicorn's own `asgi` worker, for `--worker-class fastapi_impl.gunicorn.Worker`.

Rule: only what no option says, each with what the worker of gunicorn 27.0 does otherwise. Neighbours:
loadtests/targets.toml names it, docs/deployments.md tells why, `worker` is the same for uvicorn's worker.
"""

import signal
from urllib.parse import urlsplit

from gunicorn.workers.gasgi import ASGIWorker  # type: ignore[import-untyped]  # gunicorn has no types
from starlette.types import ASGIApp, Receive, Scope, Send

SPEC_VERSION = "2.3"  # of ASGI's HTTP part: the last in which a write to a client that has gone need not raise


class Worker(ASGIWorker):  # type: ignore[misc]  # gunicorn has no types
    """The worker, with an app that can drain and learns when a client leaves."""

    asgi: ASGIApp

    def init_signals(self) -> None:
        """SIGTERM's handler as one that can be wrapped.

        The worker hears SIGTERM through its loop, past any handler that an app sets, and stops listening within a
        second; the drain (shared/drain.py) needs the first word, as it has it under uvicorn.
        """
        super().init_signals()
        leave = super().handle_exit_signal
        signal.signal(signal.SIGTERM, lambda *_: self.loop.call_soon_threadsafe(leave))

    def handle_exit_signal(self) -> None:
        """Nothing. The loop calls it, and cannot be told to forget the signal: uvloop does that only while it runs."""

    def load_wsgi(self) -> None:
        """Load the app, which is told of each request what is so."""
        super().load_wsgi()
        self.asgi = Told(self.asgi)


class Told:
    """The app, with the corrected facts of each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on: its path without the host before it, and the version that the worker keeps.

        It says 2.4, where a write to a client that has gone raises; its own do nothing, so Starlette, which relies on
        that, would write a stream to its end. In 2.3 Starlette listens for the disconnect, which does come.
        """
        if scope["type"] == "http":
            scope["asgi"] = {**scope["asgi"], "spec_version": SPEC_VERSION}
            if not scope["path"].startswith("/"):  # a whole URL, as a proxy would be asked
                scope["path"] = urlsplit(scope["path"]).path
        await self.app(scope, receive, send)
