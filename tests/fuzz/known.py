"""Where the two server programs rightly read the same bytes otherwise: classes of known differences between parsers.

Rule: an entry says what each of the two does and has a predicate on the request that is as narrow as can be: what it
takes in too much is a find that nobody will see. Ids are those of the rows of `tests/known_differences`.
Neighbours: `judge` (says that two outcomes part), `message` (the request it is about), `test_known` (pins each entry).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz import chunks
from tests.fuzz.example import Example
from tests.fuzz.exchange import Outcome
from tests.fuzz.judge import word
from tests.fuzz.message import Message, messages

APP = r"[24]\d\d"
"""The app has answered. A status with `!` is the server program's own, and `nothing` is no answer at all."""
ANY = r"nothing|[24]\d\d!?|501!"
"""Whatever it is, but no crash."""

METHODS = frozenset(
    b"ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY "
    b"OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK "
    b"UNLOCK UNSUBSCRIBE".split()
)
"""What httptools knows of."""
LINE, FIELD, FIELDS = 4094, 8190, 100
"""gunicorn's limits: the characters of a request line and of a header, and the headers."""
FORBIDDEN = (b"host", b"content-length", b"transfer-encoding", b"trailer", b"authorization", b"te")
"""The trailers that gunicorn refuses, after RFC 9110, section 6.5.1."""


@dataclass(frozen=True, slots=True)
class Known:
    """A class: `uvicorn` and `gunicorn` are patterns of what each makes of a request that `matches`.

    `after`: the request that `matches` came earlier on the same connection.
    """

    id: str
    uvicorn: str
    gunicorn: str
    matches: Callable[[Message], bool]
    why: str
    after: bool = False


def _line(pattern: bytes) -> Callable[[Message], bool]:
    found = re.compile(pattern, re.DOTALL)
    return lambda message: found.fullmatch(message.line) is not None


def _header(name: bytes, pattern: bytes) -> Callable[[Message], bool]:
    found = re.compile(pattern, re.DOTALL | re.IGNORECASE)
    return lambda message: any(found.fullmatch(value) for value in message.values(name))


def _twice(name: bytes) -> Callable[[Message], bool]:
    return lambda message: len(message.values(name)) > 1


def _trailers(message: Message) -> list[bytes]:
    """The names of the trailers."""
    lines = chunks.walk(message.body).trailers if message.chunked else ()
    return [line.partition(b":")[0].lower() for line in lines]


def _trailing(*names: bytes) -> Callable[[Message], bool]:
    return lambda message: any(name in names for name in _trailers(message))


def _trailing_twice(name: bytes) -> Callable[[Message], bool]:
    return lambda message: _trailers(message).count(name) > 1


def _unknown_method(message: Message) -> bool:
    method = message.line.partition(b" ")[0]
    return re.fullmatch(rb"[A-Z0-9!$%&'*+\-.^_`|~]{3,20}", method) is not None and method not in METHODS


def _half_absolute(message: Message) -> bool:
    """An address with `://` that is neither an absolute path nor a whole absolute address."""
    found = re.fullmatch(rb"[A-Z-]+ +([^ /*][^ ]*) +HTTP/1\.[01]", message.line)
    return found is not None and b"://" in found[1] and not re.fullmatch(rb"[A-Za-z]+://[^/?#]+/.*", found[1])


def _vast_length(message: Message) -> bool:
    return any(
        re.fullmatch(rb"[0-9]+", told) and int(told) >= chunks.VAST for told in message.values(b"Content-Length")
    )


def _contradiction(message: Message) -> bool:
    """Two of the headers that gunicorn takes a proxy's scheme from say different things."""
    secure = ((b"X-Forwarded-Proto", b"https"), (b"X-Forwarded-Ssl", b"on"), (b"X-Forwarded-Protocol", b"ssl"))
    return len({value == wanted for name, wanted in secure for value in message.values(name)}) > 1


def _upgrade(message: Message) -> bool:
    offered = any(b"upgrade" in value.lower() for value in message.values(b"Connection"))
    return offered and bool(message.values(b"Upgrade"))


def _tab_after_coding(message: Message) -> bool:
    return any(re.fullmatch(rb"(?i)transfer-encoding:.*chunked *\t[ \t]*", line) for line in message.headers)


def _long_trailer(message: Message) -> bool:
    return message.chunked and any(len(line) + 2 > FIELD for line in chunks.walk(message.body).trailers)


def _spaced_size(message: Message) -> bool:
    """White space between a chunk's size and its extension, which RFC 9112 allows for old senders' sake."""
    return message.chunked and any(re.match(rb"[ \t]+;", each) for each in chunks.walk(message.body).extensions)


def _vast_chunk(message: Message) -> bool:
    return message.chunked and any(size >= chunks.VAST for size in chunks.walk(message.body).sizes)


def _broken_chunks(message: Message) -> bool:
    return message.chunked and chunks.broken(message.body)


PARSER = "httptools and gunicorn's own parser are not equally strict here"

KNOWN = (
    Known(
        "openapi-document",
        "200",
        "200",
        _line(rb"(GET|HEAD) /openapi\.json(\?[^ ]*)? HTTP/1\.1"),
        "generated, in words of their own",
    ),
    Known("repeated-host", APP, "400!", _twice(b"Host"), "gunicorn refuses Host sent twice"),
    Known("repeated-content-type", APP, "400!", _twice(b"Content-Type"), "gunicorn refuses Content-Type sent twice"),
    Known("unknown-method", "400!", APP, _unknown_method, "httptools has a list of methods"),
    Known(
        "http-version",
        APP,
        "400!",
        _line(rb"[A-Z-]+ +[^ \n]+(?: +(?:HTTP/0\.9|HTTP/2\.0|RTSP/1\.0|ICE/1\.0)|\n.*)?"),
        "httptools takes HTTP/0.9 (without a word for it, even), HTTP/2.0, RTSP and ICE; gunicorn does not",
    ),
    Known("http-version", "400!", APP, _line(rb".+ HTTP/1\.[2-9]"), "gunicorn takes every HTTP/1.x"),
    Known("two-spaces", APP, "400!", _line(rb"(?=.*  )[A-Z-]+ +[^ ]+ +HTTP/1\.[01]"), PARSER),
    Known("empty-lines", APP, "400!", lambda message: message.blank not in {b"", b"\r\n"}, PARSER),
    Known("asterisk-target", "404", "400!", _line(rb"[A-Z-]+ +\*[^ ]* +HTTP/1\.[01]"), PARSER),
    Known(
        "absolute-form", "400!", APP, _half_absolute, "httptools wants a scheme, a host and a path, gunicorn only ://"
    ),
    Known("connect", "400!", APP, _line(rb"CONNECT .*"), "httptools wants a host and a port"),
    Known("connect", "nothing", ANY, _line(rb"CONNECT .*"), "uvicorn hears nothing after it", after=True),
    Known("long-request-line", APP, "414!", lambda message: len(message.line) > LINE, "gunicorn's limit"),
    Known(
        "long-header", APP, "431!", lambda message: any(len(line) + 2 > FIELD for line in message.headers), "the limit"
    ),
    Known("many-headers", APP, "431!", lambda message: len(message.headers) > FIELDS, "gunicorn's limit"),
    Known("unknown-expectation", APP, "417!", _header(b"Expect", rb"(?!100-continue$).*"), "gunicorn answers 417"),
    Known("script-name", APP, "500!", _header(b"SCRIPT_NAME", rb".+"), "gunicorn takes it for the app's place"),
    Known(
        "contradictory-scheme", APP, "400!", _contradiction, "gunicorn refuses what proxies contradict each other in"
    ),
    Known(
        "upgrade-with-body",
        "422",
        APP,
        lambda message: _upgrade(message) and bool(message.body),
        "uvicorn drops the body",
    ),
    Known("upgrade-with-more", "nothing|400!", ANY, _upgrade, "uvicorn hears nothing after it", after=True),
    Known("vast-length", "400!", rf"nothing|{APP}", _vast_length, "httptools counts in 64 bits, gunicorn without end"),
    Known(
        "chunked-in-http-1.0",
        APP,
        "400!",
        lambda message: message.chunked and message.line.endswith(b" HTTP/1.0"),
        "gunicorn refuses it",
    ),
    Known(
        "unknown-transfer-coding", APP, "501!", _header(b"Transfer-Encoding", rb".*, *chunked"), "gunicorn answers 501"
    ),
    Known("tab-after-coding", "400!", APP, _tab_after_coding, "httptools does not take a tab for white space there"),
    Known("vast-chunk", "400!", rf"nothing|{APP}", _vast_chunk, "httptools counts in 64 bits, gunicorn without end"),
    Known("space-after-chunk-size", "400!", APP, _spaced_size, "httptools refuses it"),
    Known(
        "forbidden-trailer", rf"{APP}|400!", "422", _trailing(*FORBIDDEN), "gunicorn refuses it when the body is read"
    ),
    Known("forbidden-trailer", "400!", APP, _trailing(*FORBIDDEN), "httptools refuses what tells a length"),
    Known("forbidden-trailer", APP, "400!", _trailing(*FORBIDDEN), "gunicorn refuses it before the next", after=True),
    Known(
        "repeated-trailer", APP, "422", _trailing_twice(b"content-type"), "gunicorn refuses it when the body is read"
    ),
    Known("repeated-trailer", APP, "400!", _trailing_twice(b"content-type"), "gunicorn refuses it then", after=True),
    Known("long-trailer", APP, "422", _long_trailer, "gunicorn's limit"),
    Known("long-trailer", APP, "431!|400!", _long_trailer, "gunicorn's limit", after=True),
    Known(
        "key-in-a-trailer", "200|401", "200|401", _trailing(b"x-api-key"), "httptools merges trailers into the headers"
    ),
    Known(
        "merged-trailer", APP, APP, _trailing(b"x-request-id", b"origin"), "httptools merges trailers into the headers"
    ),
    Known(
        "merged-trailer", "nothing", ANY, _trailing(b"connection"), "httptools obeys a close in a trailer", after=True
    ),
    Known(
        "broken-chunks", "400!", APP, _broken_chunks, "uvicorn refuses; under WSGI the app reads the body, and says 422"
    ),
    Known("broken-chunks", "400!", "nothing", _broken_chunks, "uvicorn refuses, gunicorn closes", after=True),
)

HALF_CLOSE = "half-close"
"""uvicorn takes the end of the client's side for the end of the connection, and answers no more; gunicorn does."""
OVERTAKES = "refusal-overtakes"
"""uvicorn parses what has come before it answers anything of it, so its refusal of a later request comes
first, or in the middle of an answer that has begun."""


def explain(example: Example, at: int, uvicorn: Outcome, gunicorn: Outcome) -> str | None:
    """The id of the entry that explains why the two part at their answer number `at`; None where there is none."""
    given_up = uvicorn.broken is None or uvicorn.broken.startswith("peer closed connection without sending complete")
    if example.manner == "leave" and at == len(uvicorn.answers) and uvicorn.ending == "closed" and given_up:
        return HALF_CLOSE
    sent = messages(example.sent())
    said = word(uvicorn, at)
    # a refusal by uvicorn may be about any later request: see OVERTAKES
    last = len(gunicorn.answers) if said.endswith("!") else at
    for number in range(at, max(last, at) + 1):
        if found := _entry(sent, number, said, word(gunicorn, number)):
            return found.id
    cut_short = "HTTP/1.1 400 " in (uvicorn.broken or "")
    final = word(gunicorn, len(gunicorn.answers) - 1)
    refused_later = len(gunicorn.answers) > at and final.endswith("!") and final != "500!"
    return OVERTAKES if (said == "400!" or cut_short) and refused_later else None


def _entry(sent: list[Message], number: int, uvicorn: str, gunicorn: str) -> Known | None:
    number = min(number, len(sent) - 1)
    for known in KNOWN:
        asked = sent[:number] if known.after else sent[number : number + 1]
        said = re.fullmatch(known.uvicorn, uvicorn) and re.fullmatch(known.gunicorn, gunicorn)
        if said and any(map(known.matches, asked)):
            return known
    return None
