"""The fixture page's own server, and the origins that it is opened at.

Rule: one static server on 127.0.0.1, known to Chromium by names that exist nowhere else. A page's origin is its name,
so the same files are a page of an allowed origin and one of a forbidden. Neighbours: `pages` (opens it), `web/` (it).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.conformance.profiles import PAGE_ORIGIN
from tests.serving import serving

HERE = Path(__file__).resolve().parent
PAGE = "/web/index.html"
ALLOWED = PAGE_ORIGIN
FORBIDDEN = "http://evil.example"


class _Quiet(SimpleHTTPRequestHandler):
    """Files, without a line on the terminal for each."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[list[str]]:
    """The server, running; the rules by which Chromium finds it under its names."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=HERE))) as place:
        yield [f"MAP {urlsplit(origin).hostname} {place}" for origin in (ALLOWED, FORBIDDEN)]
