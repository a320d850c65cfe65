"""Differences in how long a request may be."""

from tests.known_differences.difference import Concerned, Difference
from tests.known_differences.rows.parts import get

LIMITS = (
    Difference(
        id="long-request-line",
        concerned=Concerned.LIMITS,
        sent="A GET whose request line has 5,000 characters",
        answers={"uvicorn": "200", "gunicorn": "414!"},
        rfc="RFC 9112, section 3, recommends to take 8,000; gunicorn's default is 4,094, uvicorn's 64 KiB.",
        matters="if clients put much into the query, such as a search or a token.",
        change="gunicorn: `--limit-request-line 8190`, or 0 for no limit.",
        request=get(line=f"GET /health?{'x' * 5000} HTTP/1.1"),
    ),
    Difference(
        id="long-header",
        concerned=Concerned.LIMITS,
        sent="A GET with a header of 9,000 characters",
        answers={"uvicorn": "200", "gunicorn": "431!"},
        rfc="Both follow RFC 6585, section 5, which leaves the limit to the server: gunicorn's is 8,190 characters, "
        "uvicorn has none for one header.",
        matters="with large cookies or tokens.",
        change="gunicorn: `--limit-request-field_size 65536`. uvicorn: let a proxy set the limit.",
        request=get(f"X-Long: {'x' * 9000}\r\n"),
    ),
    Difference(
        id="many-headers",
        concerned=Concerned.LIMITS,
        sent="A GET with 120 headers",
        answers={"uvicorn": "200", "gunicorn": "431!"},
        rfc="Both follow RFC 6585, section 5: gunicorn takes 100 headers by default, uvicorn counts none.",
        matters="hardly: browsers and proxies send some dozens.",
        change="gunicorn: `--limit-request-fields 200`.",
        request=get("".join(f"X-{number}: y\r\n" for number in range(120))),
    ),
)
