"""Differences in how a body's length is said: chunks, lengths, codings."""

from tests.known_differences.difference import Concerned, Difference, Manner
from tests.known_differences.rows.parts import BODY, CHUNK, CHUNKED, END, HTTPTOOLS, JSON, LENGTH, get, post

FRAMING = (
    Difference(
        id="broken-chunks",
        concerned=Concerned.FRAMING,
        sent="A chunked body whose first chunk has no number for a length",
        answers={"uvicorn": "400!", "gunicorn": "422", "gunicorn asgi": "400!"},
        rfc="RFC 9112, section 6.3, asks for 400, as uvicorn and gunicorn's asgi worker say; its others read the body "
        "late, and the app finds none.",
        matters="only to someone who counts statuses: both refuse it.",
        change="Nothing needs to be done.",
        request=post(CHUNKED, f"xyz\r\n{BODY}\r\n{END}"),
    ),
    Difference(
        id="long-trailer",
        concerned=Concerned.FRAMING,
        sent="A chunked body with a trailer of 9,000 characters",
        answers={"uvicorn": "200", "gunicorn": "422", "gunicorn asgi": "200"},
        rfc="The RFC leaves the limit to the server; gunicorn's for a header, 8,190 characters, holds here too, save "
        "in its asgi worker, which takes what has come whole and limits the rest.",
        matters="hardly: no known client sends long trailers.",
        change="gunicorn: `--limit-request-field_size 65536`.",
        request=post(CHUNKED, f"{CHUNK}0\r\nX-Long: {'x' * 9000}\r\n\r\n"),
    ),
    Difference(
        id="repeated-trailer",
        concerned=Concerned.FRAMING,
        sent="A chunked body with Content-Type sent twice as a trailer",
        answers={"uvicorn": "200", "gunicorn": "422", "gunicorn asgi": "200"},
        rfc="RFC 9110, section 6.5.1, forbids to send it. gunicorn refuses to read such a body, so the app finds none; "
        "its asgi worker drops such a trailer.",
        matters="to nobody known: no client sends it.",
        change="No option; send what belongs to the head in the head.",
        request=post(CHUNKED, f"{CHUNK}0\r\n{JSON}{JSON}\r\n"),
    ),
    Difference(
        id="vast-chunk",
        concerned=Concerned.FRAMING,
        sent="A chunk that announces 2^64 bytes or more",
        answers={"uvicorn": "400!", "gunicorn": "422", "gunicorn asgi": ""},
        says={"uvicorn": "400 at once, in words of its own", "gunicorn": "422 once the client has gone"},
        rfc="Both follow RFC 9112, section 7.1: no number may overflow. gunicorn can count that far, and waits.",
        matters="to nobody: 413 holds for chunked bodies too, whatever they announce.",
        change="Nothing needs to be done.",
        request=post(CHUNKED, f"1{'0' * 16}\r\n{BODY}"),
        manner=Manner.LEAVE,
    ),
    Difference(
        id="vast-length",
        concerned=Concerned.FRAMING,
        sent="A GET whose Content-Length is 2^64",
        answers={"uvicorn": "400!", "gunicorn": "200"},
        rfc="Both follow RFC 9110, section 8.6: no number may overflow. gunicorn can count that far, and its GET "
        "needs no body.",
        matters="to nobody: it is not sent in earnest.",
        change="Nothing needs to be done.",
        request=get(f"Content-Length: {2**64}\r\n"),
    ),
    Difference(
        id="space-after-chunk-size",
        concerned=Concerned.FRAMING,
        sent="A chunk with a space between its length and an extension",
        answers={"uvicorn": "400!", "gunicorn": "200"},
        rfc=f"gunicorn follows RFC 9112, section 7.1.1, which has such a space read; {HTTPTOOLS} refuses it.",
        matters="only to clients that use chunk extensions, which hardly any does.",
        change="No option (`--http h11` refuses it too); leave the space out.",
        request=post(CHUNKED, f"{len(BODY):x} ;a=b\r\n{BODY}\r\n{END}"),
    ),
    Difference(
        id="tab-after-coding",
        concerned=Concerned.FRAMING,
        sent="A chunked body declared with a tab behind the word chunked",
        answers={"uvicorn": "400!", "gunicorn": "200"},
        rfc=f"gunicorn follows RFC 9112, section 5: white space behind a value is no part of it; {HTTPTOOLS} is "
        "strict.",
        matters="to nobody but those who try to get a request past a proxy.",
        change="`--http h11` takes it as well.",
        request=post("Transfer-Encoding: chunked\t\r\n", CHUNK + END),
    ),
    Difference(
        id="unknown-transfer-coding",
        concerned=Concerned.FRAMING,
        sent="A body in a transfer coding that does not exist",
        answers={"uvicorn": "400!", "gunicorn": "501!"},
        rfc="Both follow RFC 9112: section 6.1 has 501 for an unknown coding, section 6.3 has 400 where chunked "
        "is not last.",
        matters="only to someone who counts statuses: both refuse it.",
        change="Nothing needs to be done.",
        request=post("Transfer-Encoding: magic\r\n", BODY),
    ),
    Difference(
        id="unknown-coding-before-chunked",
        concerned=Concerned.FRAMING,
        sent="A body in a transfer coding that does not exist, and then in chunks",
        answers={"uvicorn": "200", "gunicorn": "501!"},
        rfc=f"gunicorn follows RFC 9112, section 6.1; {HTTPTOOLS} looks at the last coding only.",
        matters="if a client really encodes its bodies: under uvicorn they are read as if it had not.",
        change="`--http h11` refuses it as well, with 400.",
        request=post("Transfer-Encoding: magic, chunked\r\n", CHUNK + END),
    ),
    Difference(
        id="repeated-content-type",
        concerned=Concerned.FRAMING,
        sent="A POST with Content-Type sent twice",
        answers={"uvicorn": "200", "gunicorn": "400!"},
        rfc="RFC 9110, section 5.3, forbids to send it. gunicorn refuses it; under uvicorn the app takes the first.",
        matters="to a client that sets the header by hand and through its library.",
        change="No option; send it once.",
        request=post(JSON + LENGTH, BODY),
    ),
)
