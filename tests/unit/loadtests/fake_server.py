"""A server of the standard library with the manners that the tests of `serve` need; run as a script.

Rule: it keeps as much of the contract as `serve` looks at, and misbehaves only as its arguments say.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()"


class Handler(BaseHTTPRequestHandler):
    """`GET /health` as the contract has it; `GET /environment` shows what the server was given."""

    status = 200

    def do_GET(self) -> None:
        """Answer the two routes."""
        body = {"status": "healthy"} if self.path == "/health" else dict(os.environ)
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


def main() -> None:
    """Serve until SIGTERM, or do what an option says instead."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--fail", help="print this and end with exit code 3")
    parser.add_argument("--draining", action="store_true", help="answer /health with 503")
    parser.add_argument("--stubborn-child", action="store_true", help="have a child that ignores SIGTERM")
    parser.add_argument("--slow-end", type=float, help="seconds from SIGTERM to the end")
    options = parser.parse_args()
    if options.fail:
        print(options.fail, flush=True)  # noqa: T201 - it is the server's log
        sys.exit(3)
    if options.stubborn_child:
        child = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
    Handler.status = 503 if options.draining else 200
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    end = threading.Timer(options.slow_end or 0, server.shutdown)
    signal.signal(signal.SIGTERM, lambda *_: end.start())
    server.serve_forever(poll_interval=0.02)
    print("drained", flush=True)  # noqa: T201 - it is the server's log


if __name__ == "__main__":
    main()
