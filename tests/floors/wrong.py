"""A floor that is not one: it says one word more than its twin, or calls itself by another type."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from loadtests.floors import wsgi
from loadtests.floors.wsgi import App, StartResponse


def create_app() -> App:
    """The WSGI floor, with the mistake that WRONG names."""
    floor, wrong = wsgi.create_app(), os.environ["WRONG"]

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/health":
            return floor(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]]) -> object:
            named = dict(headers)
            if wrong == "header":
                named["Content-Type"] = "text/plain"
            if wrong == "reply" and environ["PATH_INFO"] == "/chat":
                named["Content-Length"] = str(int(named["Content-Length"]) + 1)
            return start_response("202 Accepted" if wrong == "status" else status, list(named.items()))

        blocks = list(floor(environ, start))
        if wrong == "event" and environ["PATH_INFO"] == "/chat/stream":
            del blocks[3]
        if wrong == "reply" and environ["PATH_INFO"] == "/chat":
            blocks = [b"".join(blocks) + b" "]
        return blocks

    return app
