"""Reads what was sent as RFC 9112 has it, leniently: which request is the nth, its line, its header lines, its body.

Rule: only for `known` to say what it is about; where the framing is no longer certain, all that follows is the body.
Neighbours: `known`, `chunks` (bodies in chunked coding).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.fuzz import chunks


@dataclass(frozen=True, slots=True)
class Message:
    """One request as it was sent; `blank`: the empty lines before it."""

    blank: bytes
    line: bytes
    headers: tuple[bytes, ...]
    body: bytes = b""

    def values(self, name: bytes) -> list[bytes]:
        """The values of a header, its name in any letter case."""
        pairs = (line.partition(b":") for line in self.headers)
        return [value.strip(b" \t") for key, _, value in pairs if key.lower() == name.lower()]

    @property
    def chunked(self) -> bool:
        """Whether the body is in chunks."""
        codings = self.values(b"Transfer-Encoding")
        return bool(codings) and codings[-1].lower().endswith(b"chunked")


def messages(sent: bytes) -> list[Message]:
    """The requests in these bytes, one after the other."""
    return list(_messages(sent))


def _messages(sent: bytes) -> Iterator[Message]:
    while sent:
        text = sent.lstrip(b"\r\n")
        head, _, rest = text.partition(b"\r\n\r\n")
        line, *headers = head.split(b"\r\n")
        message = Message(sent[: len(sent) - len(text)], line, tuple(headers))
        length = _length(message, rest)
        yield replace(message, body=rest[:length])
        sent = rest[length:]


def _length(message: Message, rest: bytes) -> int:
    """How many of the bytes that follow are the body; all of them where nobody can tell."""
    told = message.values(b"Content-Length")
    if not told and not message.values(b"Transfer-Encoding"):
        return 0
    if message.chunked:
        return chunks.length(rest)
    if len(told) == 1 and re.fullmatch(rb"[0-9]{1,9}", told[0]):
        return min(int(told[0]), len(rest))
    return len(rest)
