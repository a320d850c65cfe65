"""What the rows' requests are put together from.

Rule: a request here is as raw as it looks: only Host, the key and `Connection: close` are added, and each can be
left out. Neighbours: the rows.
"""

BODY = '{"message":"hi"}'
JSON = "Content-Type: application/json\r\n"
LENGTH = f"Content-Length: {len(BODY)}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
CHUNK = f"{len(BODY):x}\r\n{BODY}\r\n"
END = "0\r\n\r\n"
HTTPTOOLS = "uvicorn's default parser (httptools)"


def get(headers: str = "", line: str = "GET /health HTTP/1.1", *, close: bool = True) -> bytes:
    """A request without a body."""
    return request(line, headers, close=close)


def post(headers: str, body: str, line: str = "POST /chat HTTP/1.1", *, close: bool = True) -> bytes:
    """A JSON request with this body as it is, and no framing but that of `headers`."""
    return request(line, JSON + headers, body, close=close)


def request(line: str, headers: str, body: str = "", *, keyed: bool = True, close: bool = True) -> bytes:
    """Any request."""
    key = "X-API-Key: (key)\r\n" if keyed else ""
    end = "Connection: close\r\n" if close else ""
    return f"{line}\r\nHost: parity.test\r\n{key}{end}{headers}\r\n{body}".encode("latin-1")
