"""Bodies that are not JSON by RFC 8259: to both routes, and without a key, where nobody may look at them."""

from dataclasses import dataclass

from tests.conformance.case import Case, Expect, Problem
from tests.conformance.cases.build import TURNS, post

ENTRY = Expect(status=422, problems=(Problem("json_invalid", ("body",)),))
REFUSED = Expect(status=401, detail="Invalid API Key")


@dataclass(frozen=True, slots=True)
class Malformed:
    """A body, what it is ("a body that ..."), and the clause that names its kind beside `json.malformed`."""

    id: str
    words: str
    body: bytes
    clause: str | None = None


def nested(levels: int) -> bytes:
    """A valid request with an unknown field that is nested so deep (the request itself is the first level)."""
    inner = levels - 1
    return b'{"message": "deep", "extra": ' + b"[" * inner + b"]" * inner + b"}"


BODIES = (
    Malformed("empty", "is empty", b""),
    Malformed("blank", "is only white space", b" \n"),
    Malformed("word", "is a word without quotes", b"hello"),
    Malformed("form", "is a form", b"message=hi"),
    Malformed("unclosed", "lacks its closing brace", b'{"message": "hi"'),
    Malformed("unclosed-string", "ends inside a string", b'{"message": "hi'),
    Malformed("no-colon", "has no colon after a name", b'{"message" "hi"}'),
    Malformed("bare-name", "has a name without quotes", b'{message: "hi"}'),
    Malformed("single-quotes", "has single quotes", b"{'message': 'hi'}"),
    Malformed("trailing-comma", "has a comma before its closing brace", b'{"message": "hi",}'),
    Malformed("trailing-text", "has a word after its closing brace", b'{"message": "hi"} x'),
    Malformed("trailing-null-byte", "has a null byte after its closing brace", b'{"message": "hi"}\x00'),
    Malformed("two-values", "has two objects, one after the other", b'{"message": "hi"}{"message": "hi"}'),
    Malformed("comment", "ends with a comment", b'{"message": "hi"} // note'),
    Malformed("control-character", "has a line feed inside a string", b'{"message": "a\nb"}'),
    Malformed("null-byte-in-string", "has a null byte inside a string", b'{"message": "a\x00b"}'),
    Malformed("bad-escape", "has an escape that JSON does not know", b'{"message": "\\x41"}'),
    Malformed("short-escape", "has an escape of three digits", b'{"message": "\\u004"}'),
    Malformed("leading-zero", "has a number that begins with a zero", b'{"message": "hi", "n": 01}'),
    Malformed("plus-sign", "has a number with a plus sign", b'{"message": "hi", "n": +1}'),
    Malformed("bare-point", "has a number that begins with a point", b'{"message": "hi", "n": .5}'),
    Malformed("point-at-end", "has a number that ends with a point", b'{"message": "hi", "n": 1.}'),
    Malformed("hexadecimal", "has a hexadecimal number", b'{"message": "hi", "n": 0x10}'),
    Malformed("capital-literal", "has the literal True of another language", b'{"message": "hi", "n": True}'),
    Malformed("other-space", "has a form feed between its tokens", b'{"message":\x0c"hi"}'),
    Malformed("no-break-space", "has a no-break space between its tokens", b'{"message":\xc2\xa0"hi"}'),
    Malformed("invalid-utf8", "has a byte that UTF-8 does not know", b'{"message": "\xff"}', "json.encoding"),
    Malformed("latin-1", "is in ISO 8859-1", '{"message": "é"}'.encode("latin-1"), "json.encoding"),
    Malformed("overlong-utf8", "has an overlong form of a slash", b'{"message": "\xc0\xaf"}', "json.encoding"),
    Malformed("cut-utf8", "ends a string inside a character", b'{"message": "\xf0\x9f\x98"}', "json.encoding"),
    Malformed(
        "surrogate-in-utf8", "has a surrogate in the form of UTF-8", b'{"message": "\xed\xa0\x80"}', "json.encoding"
    ),
    Malformed("utf-16", "is in UTF-16 with its mark", '{"message": "hi"}'.encode("utf-16"), "json.encoding"),
    Malformed("utf-16-le", "is in UTF-16 without a mark", '{"message": "hi"}'.encode("utf-16-le"), "json.encoding"),
    Malformed("utf-32", "is in UTF-32", '{"message": "hi"}'.encode("utf-32"), "json.encoding"),
    Malformed("byte-order-mark", "begins with a byte order mark", b'\xef\xbb\xbf{"message": "hi"}', "json.encoding"),
    Malformed(
        "lone-high-surrogate", "has an escape of a lone high surrogate", b'{"message": "\\ud800"}', "json.surrogate"
    ),
    Malformed(
        "lone-low-surrogate", "has an escape of a lone low surrogate", b'{"message": "\\udc00"}', "json.surrogate"
    ),
    Malformed(
        "swapped-surrogates",
        "has a pair of surrogate escapes in the wrong order",
        b'{"message": "\\udc00\\ud800"}',
        "json.surrogate",
    ),
    Malformed(
        "surrogate-and-letter",
        "has a letter where the second surrogate should be",
        b'{"message": "\\ud83dx"}',
        "json.surrogate",
    ),
    Malformed(
        "surrogate-in-unknown-field",
        "has a lone surrogate in a field that nobody knows",
        b'{"message": "hi", "extra": ["\\udfff"]}',
        "json.surrogate",
    ),
    Malformed(
        "surrogate-in-key",
        "has a lone surrogate in the name of a field",
        b'{"message": "hi", "\\ud800": 1}',
        "json.surrogate",
    ),
    Malformed("nesting-1000", "is nested 1,000 levels deep", nested(1000), "json.nesting"),
    Malformed("nesting-30000", "is nested 30,000 levels deep", nested(30_000), "json.nesting"),
    Malformed("open-brackets", "is 60,000 opening brackets", b"[" * 60_000, "json.nesting"),
    Malformed(
        "integer-5000-digits",
        "has an integer of 5,000 digits",
        b'{"message": "hi", "n": ' + b"9" * 5000 + b"}",
        "json.numbers",
    ),
    Malformed(
        "negative-5000-digits",
        "has a negative integer of 5,000 digits",
        b'{"message": "hi", "n": -' + b"9" * 5000 + b"}",
        "json.numbers",
    ),
    Malformed("integer-5000-alone", "is nothing but an integer of 5,000 digits", b"1" * 5000, "json.numbers"),
    Malformed("nan", "has the literal NaN", b'{"message": "hi", "n": NaN}', "json.numbers"),
    Malformed("infinity", "has the literal Infinity", b'{"message": "hi", "n": Infinity}', "json.numbers"),
    Malformed("minus-infinity", "has the literal -Infinity", b'{"message": "hi", "n": -Infinity}', "json.numbers"),
    Malformed("nan-alone", "is nothing but the literal NaN", b"NaN", "json.numbers"),
)


def _told(name: str, route: str, each: Malformed) -> Case:
    return Case(
        id=f"malformed.{each.id}-{name}",
        clauses=("json.malformed", "json.same-words", *([each.clause] if each.clause else [])),
        does=f"A body that {each.words} goes to POST {route}.",
        expects="422 with exactly one entry, of type json_invalid and placed at the body, and no 500.",
        request=post(route, each.body),
        expect=ENTRY,
    )


def _unread(each: Malformed) -> Case:
    return Case(
        id=f"malformed.{each.id}-without-key",
        clauses=("order.key-first",),
        does=f"A body that {each.words} goes to POST /chat without a key.",
        expects="401 Invalid API Key, as for every other body: nobody has parsed it.",
        request=post("/chat", each.body, keyed=False),
        expect=REFUSED,
    )


CASES = (
    *(_told(name, route, each) for name, route in TURNS for each in BODIES),
    *(_unread(each) for each in BODIES),
)
