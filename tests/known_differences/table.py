"""The known differences between the two servers, as data: what is sent, what each answers, and why.

Rule: a difference stands here only with a reason that lies outside of the two apps, and `test_differences` pins both
sides, so that one that goes away is noticed. `python -m tests.known_differences` writes docs/known-differences.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

JSON = "Content-Type: application/json\r\n"
BODY = '{"message":"hi"}'
PARSER = "The server's own HTTP parser answers, before the application sees the request."


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `head` is a raw request head without Host and key; statuses are by server program.

    Where it is not `keyed` the key is sent only where `body` says `(key)`.
    """

    id: str
    title: str
    reason: str
    head: str
    answers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    body: str = ""
    keyed: bool = True

    def raw(self, key: str) -> bytes:
        """The bytes to send."""
        line, _, headers = self.head.partition("\r\n")
        close = "" if "\r\nConnection:" in self.head else "Connection: close\r\n"
        known = f"X-API-Key: {key}\r\n" if self.keyed else ""
        lines = f"{line}\r\nHost: parity.test\r\n{known}{close}{headers}"
        return f"{lines}\r\n{self.body.replace('(key)', key)}".encode("latin-1")


def _answers(uvicorn: int, gunicorn: int) -> Mapping[str, int]:
    return MappingProxyType({"uvicorn": uvicorn, "gunicorn": gunicorn})


DIFFERENCES = (
    Difference(
        id="malformed-header",
        title="A control character in a header: both refuse it with 400, in words of their own",
        reason=f"{PARSER} uvicorn says so in plain text, gunicorn in HTML; neither is the envelope.",
        head="GET /health HTTP/1.1\r\nX-Odd: a\x0bb\r\n",
        answers=_answers(400, 400),
    ),
    Difference(
        id="long-request-line",
        title="A request line of 5,000 characters",
        reason="gunicorn takes 4,094 characters by default (--limit-request-line, 8,190 at most), uvicorn 64 KiB.",
        head=f"GET /health?{'x' * 5000} HTTP/1.1\r\n",
        answers=_answers(200, 414),
    ),
    Difference(
        id="long-header",
        title="A header of 9,000 characters",
        reason="gunicorn takes 8,190 characters by default (--limit-request-field_size), uvicorn has no limit for one.",
        head=f"GET /health HTTP/1.1\r\nX-Long: {'x' * 9000}\r\n",
        answers=_answers(200, 431),
    ),
    Difference(
        id="many-headers",
        title="120 headers",
        reason="gunicorn takes 100 by default (--limit-request-fields), uvicorn counts none.",
        head="GET /health HTTP/1.1\r\n" + "".join(f"X-{number}: y\r\n" for number in range(120)),
        answers=_answers(200, 431),
    ),
    Difference(
        id="unknown-method",
        title="A method that no standard knows",
        reason="uvicorn's parser (httptools) has a list of methods; gunicorn passes any word on, and the app says 405.",
        head="BREW /health HTTP/1.1\r\n",
        answers=_answers(400, 405),
    ),
    Difference(
        id="repeated-host",
        title="Host sent twice",
        reason="RFC 9112 demands 400. gunicorn's parser keeps it, uvicorn's passes both on.",
        head="GET /health HTTP/1.1\r\nHost: other.test\r\n",
        answers=_answers(200, 400),
    ),
    Difference(
        id="repeated-content-type",
        title="Content-Type sent twice",
        reason="gunicorn's parser refuses a repeated header that may come once; under uvicorn the app takes the first.",
        head=f"POST /chat HTTP/1.1\r\n{JSON}{JSON}Content-Length: {len(BODY)}\r\n",
        body=BODY,
        answers=_answers(200, 400),
    ),
    Difference(
        id="unknown-expectation",
        title="An Expect header that asks for something else than 100-continue",
        reason="RFC 9110 allows 417, which gunicorn answers; uvicorn ignores what it does not know.",
        head="GET /health HTTP/1.1\r\nExpect: magic\r\n",
        answers=_answers(200, 417),
    ),
    Difference(
        id="unknown-transfer-coding",
        title="A transfer coding that does not exist",
        reason=f"{PARSER} RFC 9112 has 501 for a coding that is unknown, 400 for framing that cannot be trusted.",
        head=f"POST /chat HTTP/1.1\r\n{JSON}Transfer-Encoding: magic\r\n",
        body=BODY,
        answers=_answers(400, 501),
    ),
    Difference(
        id="script-name",
        title="A header called SCRIPT_NAME",
        reason="From a trusted proxy (127.0.0.1 is one by default) gunicorn takes it for the place "
        "where the app is mounted, and refuses addresses outside of it; to uvicorn it is a header like any other.",
        head="GET /health HTTP/1.1\r\nSCRIPT_NAME: /elsewhere\r\n",
        answers=_answers(200, 500),
    ),
    Difference(
        id="upgrade-with-body",
        title="A POST that offers an upgrade, as `curl --http2` and some Java clients do with h2c",
        reason="uvicorn's parser (httptools) stops at an offered upgrade and drops the body, so the app finds none; "
        "`--http h11` keeps it, and is slower. gunicorn ignores the offer, as RFC 9110 allows.",
        head=f"POST /chat HTTP/1.1\r\n{JSON}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: {len(BODY)}\r\n",
        body=BODY,
        answers=_answers(422, 200),
    ),
    Difference(
        id="key-in-a-trailer",
        title="The key in a trailer, after a chunked body, in one write",
        reason="uvicorn's parser (httptools) merges trailers into the headers, which RFC 9110 forbids: a proxy that "
        "takes X-API-Key out of the headers must refuse trailers, or `--http h11` be used. gunicorn drops them.",
        head=f"POST /chat HTTP/1.1\r\n{JSON}Transfer-Encoding: chunked\r\n",
        body=f"{len(BODY):x}\r\n{BODY}\r\n0\r\nX-API-Key: (key)\r\n\r\n",
        keyed=False,
        answers=_answers(200, 401),
    ),
    Difference(
        id="chunked-in-http-1.0",
        title="A transfer coding in HTTP/1.0",
        reason=f"{PARSER} RFC 9112 calls such framing faulty; gunicorn refuses it, uvicorn reads it.",
        head=f"POST /chat HTTP/1.0\r\n{JSON}Transfer-Encoding: chunked\r\n",
        body=f"{len(BODY):x}\r\n{BODY}\r\n0\r\n\r\n",
        answers=_answers(200, 400),
    ),
    Difference(
        id="two-spaces",
        title="Two spaces in the request line",
        reason=f"{PARSER} RFC 9112 lets a server be lenient; uvicorn is, gunicorn is not.",
        head="GET  /health HTTP/1.1\r\n",
        answers=_answers(200, 400),
    ),
)
