"""The floor of every WSGI deployment: an application without a framework.

Rule: in `loadtests.floors`. Neighbours: `words` has the bytes, `asgi` is the same for ASGI.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from loadtests.floors.words import HEALTH, JSON, STREAM, Event, prepared

StartResponse = Callable[[str, list[tuple[str, str]]], object]
App = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

JSON_HEADERS: Final = list(JSON.items())
STREAM_HEADERS: Final = list(STREAM.items())


def create_app() -> App:
    """The app, with all its answers prepared."""
    answers = prepared()

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path, body = environ["PATH_INFO"], environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if path == "/chat":
            return _whole(start_response, "200 OK", answers.reply(body))
        if path == "/chat/stream":
            start_response("200 OK", STREAM_HEADERS.copy())
            return _stream(answers.stream(body))
        return (
            _whole(start_response, "200 OK", HEALTH) if path == "/health" else _whole(start_response, "404 None", b"")
        )

    return app


def _whole(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Length", str(len(body))), *JSON_HEADERS])
    return (body,)


def _stream(events: Sequence[Event]) -> Iterator[bytes]:
    began = time.monotonic()
    for due, block in events:
        if (wait := began + due - time.monotonic()) > 0:
            time.sleep(wait)  # looked up at each call, so that gevent's patch holds whenever it was made
        yield block
