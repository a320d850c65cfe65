"""All kinds of examples: the name, what is generated, and how many of them there are beside the others.

Rule: a kind is a row; the name is the one that its examples carry. Neighbours: `run` (plays rounds of them).
"""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz import damage, framing, json_bytes, wellformed
from tests.fuzz.example import Example


@dataclass(frozen=True, slots=True)
class Kind:
    """`weight`: how many rounds of it there are in one turn of all kinds; `does`: its examples, for the page."""

    name: str
    strategy: st.SearchStrategy[Example]
    weight: int
    does: str


KINDS = (
    Kind("chat", wellformed.chats(), 2, "chat requests from the model, valid and nearly valid"),
    Kind("session", wellformed.conversations(), 1, "turns of one session, read and forgotten in between"),
    Kind("route", wellformed.routes(), 3, "any route, method, key, type, request id, origin and preflight"),
    Kind("json", json_bytes.bad_json(), 3, "JSON damaged at the byte level, other encodings, nesting, long numbers"),
    Kind("split", wellformed.splits(), 1, "valid requests cut into several writes, anywhere"),
    Kind("header", damage.headers(), 2, "header lines doubled, folded, moved, over-long, with odd bytes and spaces"),
    Kind("target", damage.targets(), 1, "odd methods, request targets and versions"),
    Kind("length", framing.lengths(), 1, "Content-Length wrong, odd, twice, missing"),
    Kind("coding", framing.codings(), 1, "Transfer-Encoding in every form, with and without Content-Length"),
    Kind("chunk", framing.chunks(), 1, "chunks with odd sizes, extensions, ends and trailers"),
    Kind("bytes", damage.damaged(), 2, "valid requests with bytes changed, put in, taken out, doubled, cut off"),
    Kind("pipeline", damage.pipelines(), 1, "two to four requests at once on one connection"),
    Kind("leave", damage.leavers(), 1, "clients that end their side early"),
)
