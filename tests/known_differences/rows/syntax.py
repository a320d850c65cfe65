"""Differences in request lines and headers that hardly a client sends, and every scanner."""

from tests.known_differences.difference import Concerned, Difference
from tests.known_differences.rows.parts import HTTPTOOLS, get

H11 = "`--http h11` makes uvicorn answer as gunicorn does."
SCANNERS = "only to someone who reads the log: scanners send it, clients do not."

SYNTAX = (
    Difference(
        id="malformed-header",
        concerned=Concerned.SYNTAX,
        sent="A GET with a control character in a header",
        answers={"uvicorn": "400!", "gunicorn": "400!"},
        says={"uvicorn": "400 in plain text", "gunicorn": "400 in HTML"},
        rfc="Both follow RFC 9110, section 5.5. The server program answers before the app, so neither uses the "
        "envelope.",
        matters="to a client that takes the body of every error for JSON: look at the content type first.",
        change="Nothing can be done in the server.",
        request=get("X-Odd: a\x0bb\r\n"),
    ),
    Difference(
        id="unknown-method",
        concerned=Concerned.SYNTAX,
        sent="A method that no standard knows, BREW /health",
        answers={"uvicorn": "400!", "gunicorn": "405"},
        rfc=f"Neither follows RFC 9110, section 9.1, which recommends 501: {HTTPTOOLS} has a list of methods, gunicorn "
        "passes any word on, and the app says 405.",
        matters=SCANNERS,
        change=H11,
        request=get(line="BREW /health HTTP/1.1"),
        clauses=("routes.method",),
    ),
    Difference(
        id="connect",
        concerned=Concerned.SYNTAX,
        sent="CONNECT parity.test:443, as if the server were a proxy",
        answers={"uvicorn": "400!", "gunicorn": "404"},
        rfc="RFC 9110, section 9.3.6, leaves it to a server that is no proxy.",
        matters=SCANNERS,
        change=H11,
        request=get(line="CONNECT parity.test:443 HTTP/1.1"),
    ),
    Difference(
        id="asterisk-target",
        concerned=Concerned.SYNTAX,
        sent="GET *, an address that is only for OPTIONS",
        answers={"uvicorn": "404", "gunicorn": "400!"},
        rfc="gunicorn follows RFC 9112, sections 3 and 3.2.4, which make it an invalid request line; "
        "uvicorn passes it on, and the app knows no such address.",
        matters=SCANNERS,
        change="Nothing needs to be done.",
        request=get(line="GET * HTTP/1.1"),
    ),
    Difference(
        id="http-version",
        concerned=Concerned.SYNTAX,
        sent="A GET that says HTTP/2.0",
        answers={"uvicorn": "200", "gunicorn": "400!"},
        rfc="Neither follows RFC 9110, section 15.6.6, which has 505 for it: uvicorn answers in HTTP/1.1.",
        matters=SCANNERS,
        change="No option; real HTTP/2 begins otherwise, and neither server speaks it.",
        request=get(line="GET /health HTTP/2.0"),
    ),
    Difference(
        id="http-version-1.2",
        concerned=Concerned.SYNTAX,
        sent="A GET that says HTTP/1.2",
        answers={"uvicorn": "400!", "gunicorn": "200", "gunicorn asgi": "400!"},
        rfc="gunicorn follows RFC 9110, section 2.5: a higher minor version is read as 1.1. It answers in 1.2, though, "
        "and its asgi worker refuses it.",
        matters=SCANNERS,
        change="`--http h11` makes uvicorn take it as well.",
        request=get(line="GET /health HTTP/1.2"),
    ),
    Difference(
        id="http-version-missing",
        concerned=Concerned.SYNTAX,
        sent="GET /health without a version, as in HTTP/0.9",
        answers={"uvicorn": "200", "gunicorn": "400!"},
        rfc="RFC 9112, appendix C.1, no longer knows such a request; gunicorn refuses it, uvicorn answers in HTTP/1.1.",
        matters=SCANNERS,
        change=H11,
        request=b"GET /health\r\nHost: parity.test\r\nConnection: close\r\n\r\n",
    ),
    Difference(
        id="two-spaces",
        concerned=Concerned.SYNTAX,
        sent="A GET with two spaces behind the method",
        answers={"uvicorn": "200", "gunicorn": "400!"},
        rfc="Both follow RFC 9112, section 3, which lets a server be lenient.",
        matters="where a proxy of another opinion stands before; common ones write one space.",
        change=H11,
        request=get(line="GET  /health HTTP/1.1"),
    ),
    Difference(
        id="empty-lines",
        concerned=Concerned.SYNTAX,
        sent="A GET with two empty lines before it",
        answers={"uvicorn": "200", "gunicorn": "400!"},
        rfc="Both follow RFC 9112, section 2.2, which has one empty line ignored; uvicorn ignores any number.",
        matters=SCANNERS,
        change=H11,
        request=b"\r\n\r\n" + get(),
    ),
    Difference(
        id="unknown-expectation",
        concerned=Concerned.SYNTAX,
        sent="A GET with an Expect header that asks for something else than 100-continue",
        answers={"uvicorn": "200", "gunicorn": "417!", "gunicorn asgi": "200"},
        rfc="Both follow RFC 9110, section 10.1.1, which allows 417 and does not ask for it.",
        matters="hardly: no known client sends another expectation.",
        change="Nothing needs to be done.",
        request=get("Expect: magic\r\n"),
    ),
)
