"""Bodies in chunked coding, read by the grammar of RFC 9112, section 7.1: where they end, their lines, their trailers.

Rule: `walk` goes from size line to size line as far as the coding is followed; what is odd in it is asked of the lines.
Neighbours: `message`, `known`.
"""

import re
from dataclasses import dataclass

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_LINE = re.compile(rb"([0-9A-Fa-f]+)([^\r\n]*)\r\n")
_EXTENSIONS = re.compile(rb"(?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*")
_TRAILER = re.compile(_TOKEN + rb":[\t\x20-\x7e\x80-\xff]*")
VAST = 2**64
"""A chunk of so many bytes is more than a parser counts in 64 bits."""


@dataclass(frozen=True, slots=True)
class Walk:
    """`extensions`: what stands behind each size; `trailers`: the lines behind the last chunk.

    `end`, the length of the body, is None where the coding is broken, or the bytes end before it does.
    """

    sizes: tuple[int, ...]
    extensions: tuple[bytes, ...]
    trailers: tuple[bytes, ...] = ()
    end: int | None = None


def walk(body: bytes) -> Walk:
    """The body as far as it follows the coding."""
    sizes: list[int] = []
    extensions: list[bytes] = []
    at = 0
    while found := _LINE.match(body, at):
        sizes.append(int(found[1], 16))
        extensions.append(found[2])
        at = found.end()
        if not sizes[-1]:
            trailers, ended, _ = (b"\r\n" + body[at:]).partition(b"\r\n\r\n")
            lines = tuple(trailers.split(b"\r\n")[1:])
            return Walk(tuple(sizes), tuple(extensions), lines, at + len(trailers) + 2 if ended else None)
        at += sizes[-1]
        if body[at : at + 2] != b"\r\n":
            break
        at += 2
    return Walk(tuple(sizes), tuple(extensions))


def length(rest: bytes) -> int:
    """How many of these bytes are the body; all of them where the coding is broken."""
    end = walk(rest).end
    return len(rest) if end is None else end


def broken(body: bytes) -> bool:
    """Whether the coding is not followed to the letter: sizes, line ends, extensions, trailer lines, the end."""
    seen = walk(body)
    odd = not all(map(_EXTENSIONS.fullmatch, seen.extensions)) or not all(map(_TRAILER.fullmatch, seen.trailers))
    return odd or seen.end is None
