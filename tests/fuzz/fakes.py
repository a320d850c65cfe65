"""A tiny server that keeps no contract, and is odd in one way when a body holds a zero byte: the fuzzer must find it.

Rule: `python -m tests.fuzz.fakes ODDITY PORT`; without an oddity (`none`) it always answers the same. Neighbours:
`test_finds` (fuzzes it against the healthy one).
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

TRIGGER = b"\x00"


class Fake(BaseHTTPRequestHandler):
    """Answers everything alike; `oddity` is called before it answers a body with the trigger."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one write
    oddity: Callable[["Fake"], None]

    def do_POST(self) -> None:
        """A body comes with it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer = (200, "same", b'{"status":"healthy"}')
        if TRIGGER in body:
            type(self).oddity(self)
        self.do_GET(*self.answer)

    def do_GET(self, status: int = 200, header: str = "same", body: bytes = b'{"status":"healthy"}') -> None:
        """An answer, the usual one where nothing else is said."""
        if self.close_connection:
            return
        self.send_response(status)
        for name, value in (("X-Request-ID", "x"), ("X-Fake", header), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _answer(*answer: object) -> Callable[[Fake], None]:
    return lambda fake: setattr(fake, "answer", answer)


ODDITIES: Mapping[str, Callable[[Fake], None]] = MappingProxyType(
    {
        "none": lambda _: None,
        "header": _answer(200, "odd", b'{"status":"healthy"}'),
        "body": _answer(200, "same", b'{"status": "healthy"}'),
        "500": _answer(500, "same", b"oops"),
        "silence": lambda fake: setattr(fake, "close_connection", True),
        "hang": lambda _: time.sleep(30),
        "crash": lambda _: os._exit(1),
    }
)


def main(oddity: str, port: str) -> None:
    """Serve until somebody ends the process."""
    Fake.oddity = staticmethod(ODDITIES[oddity])
    ThreadingHTTPServer(("127.0.0.1", int(port)), Fake).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
