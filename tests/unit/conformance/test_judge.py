"""Every expectation that a row can have: an answer that keeps it, one that does not, and what is said of that."""

import json
import re

import pytest

from tests.conformance.case import Expect, Problem, Raw, Request
from tests.conformance.judge import faults, same
from tests.conformance.wire import Answer

AS_JSON = (("content-type", "application/json"),)
GET = Request("GET", "/")
PAGE = Request("GET", "/", (("Origin", "https://a.example"),))
PREFLIGHT = Request("OPTIONS", "/", (("Origin", "https://a.example"), ("Access-Control-Request-Method", "DELETE")))
ENTRY = {"type": "missing", "loc": ["body", "message"], "msg": "Field required"}
START, TOKEN, END = (
    b'data: {"type":"start","session_id":"s"}\n\n',
    b'data: {"type":"token","content":"a"}\n\n',
    b'data: {"type":"end"}\n\n',
)
EVENTS = ({"type": "start", "session_id": "s"}, ..., {"type": "end"})


def _ok(body: bytes = b"{}", *headers: tuple[str, str]) -> Answer:
    return Answer(200, headers, body)


def _error(status: int, title: str, detail: object, *headers: tuple[str, str]) -> Answer:
    return Answer(status, (*AS_JSON, *headers), json.dumps({"error": title, "detail": detail}).encode())


def _invalid(*entries: object) -> Answer:
    return _error(422, "Validation error", list(entries))


ORIGIN = ("access-control-allow-origin", "*")
METHODS = ("access-control-allow-methods", "DELETE")

GOOD = [
    (GET, Expect(status=200), _ok()),
    (GET, Expect(status=(200, 204)), _ok()),
    (GET, Expect(status=400), Answer(400, (("content-type", "text/html"),), b"<html>")),
    (GET, Expect(status=404, detail="No."), _error(404, "Not found", "No.")),
    (GET, Expect(status=413, detail_has="65536"), _error(413, "Content too large", "At most 65536 bytes.")),
    (GET, Expect(status=422, problems=(Problem("missing", ("body", "message")),)), _invalid(ENTRY)),
    (GET, Expect(status=422, problems=(Problem(loc=("body", "message")),)), _invalid(ENTRY)),
    (GET, Expect(status=200, headers=(("A", "1"), ("B", None))), _ok(b"", ("a", "1"))),
    (GET, Expect(status=200, headers=(("C", re.compile(r"\d+")),)), _ok(b"", ("c", "12"))),
    (GET, Expect(status=200, header_parts=(("Vary", "Origin"),)), _ok(b"", ("vary", "Accept, origin"))),
    (GET, Expect(status=200, json={"a": 1, "b": [re.compile("x+"), ...]}), _ok(b'{"a":1,"b":["xx",null]}')),
    (GET, Expect(status=200, has={"b": {"c": 1}}), _ok(b'{"a":1,"b":{"c":1,"d":2}}')),
    (GET, Expect(status=200, body=b"x"), _ok(b"x")),
    (GET, Expect(status=200, body_has=(b"x",), body_has_not=(b"y",)), _ok(b"axb")),
    (GET, Expect(status=200, events=EVENTS), _ok(START + TOKEN + TOKEN + END)),
    (GET, Expect(status=200, events=EVENTS), _ok(START + END)),
    (Raw((b"HEAD / HTTP/1.1\r\n\r\n",)), Expect(status=404), Answer(404, AS_JSON, b"")),
    (PAGE, Expect(status=200, readable=True), _ok(b"", ORIGIN)),
    (PAGE, Expect(status=200, readable=False), _ok()),
    (PREFLIGHT, Expect(status=200, passes=True), _ok(b"", ORIGIN, METHODS)),
    (PREFLIGHT, Expect(status=200, passes=False), _ok(b"", ORIGIN)),
]  # fmt: skip

BAD = [
    (GET, Expect(status=200), _error(404, "Not found", "No."), "expected status 200, got 404"),
    (GET, Expect(status=(200, 204)), _error(404, "Not found", "No."), "200 or 204, got 404"),
    (GET, Expect(status=404), _error(404, "Not Found", "No."), "'Not found' with a detail"),
    (GET, Expect(status=404), _error(404, "Not found", ["No."]), "expected a sentence as detail"),
    (GET, Expect(status=404), _error(404, "Not found", ""), "expected a sentence as detail"),
    (GET, Expect(status=422), _error(422, "Validation error", "No."), "expected a list of entries"),
    (GET, Expect(status=404), Answer(404, (), b'{"error":"Not found","detail":"No."}'), "application/json, got None"),
    (GET, Expect(status=404), Answer(404, AS_JSON, b'{"detail":"No.","error":"Not found"}'), "and no more"),
    (GET, Expect(status=404), Answer(404, AS_JSON, b"<html>"), "and no more, got b'<html>'"),
    (GET, Expect(status=404, detail="No."), _error(404, "Not found", "Yes."), "detail 'No.', got 'Yes.'"),
    (GET, Expect(status=413, detail_has="200"), _error(413, "Content too large", "Many."), "names '200'"),
    (GET, Expect(status=422, problems=(Problem("json_invalid"),)), _invalid(ENTRY), "expected an entry like"),
    (GET, Expect(status=422, problems=(Problem(),)), _invalid({**ENTRY, "type": "json_invalid"}), "an entry like"),
    (GET, Expect(status=422, problems=(Problem(loc=("body",)),)), _invalid(ENTRY), "an entry like"),
    (GET, Expect(status=422, problems=(Problem(),)), _invalid(ENTRY, ENTRY), "expected 1 entries, got more"),
    (GET, Expect(status=422, problems=(Problem(),)), _invalid({**ENTRY, "url": "x"}), "exactly type, loc and msg"),
    (GET, Expect(status=422, problems=(Problem(),)), _invalid({**ENTRY, "loc": ["message"]}), "exactly type, loc"),
    (GET, Expect(status=200, headers=(("A", "1"),)), _ok(b"", ("a", "1"), ("a", "1")), "A: 1, once"),
    (GET, Expect(status=200, headers=(("A", None),)), _ok(b"", ("a", "")), "no header A"),
    (GET, Expect(status=200, headers=(("A", re.compile("x")),)), _ok(b"", ("a", "xx")), "of the form x"),
    (GET, Expect(status=200, header_parts=(("Vary", "Origin"),)), _ok(b"", ("vary", "Originals")), "to list Origin"),
    (GET, Expect(status=200, json={"a": 1}), _ok(b'{"a":1,"b":2}'), "expected the JSON"),
    (GET, Expect(status=200, json={"a": 1, "b": 2}), _ok(b'{"b":2,"a":1}'), "expected the JSON"),
    (GET, Expect(status=200, json={"a": 1}), _ok(b'{"a":true}'), "expected the JSON"),
    (GET, Expect(status=200, json=[]), _ok(b"no JSON"), "expected the JSON []"),
    (GET, Expect(status=200, has={"a": 1}), _ok(b'{"b":1}'), "expected JSON with"),
    (GET, Expect(status=200, body=b"x"), _ok(b"xx"), "expected the body b'x'"),
    (GET, Expect(status=200, body_has=(b"x",)), _ok(b"y"), "a body with b'x'"),
    (GET, Expect(status=200, body_has_not=(b"y",)), _ok(b"xy"), "a body without b'y'"),
    (GET, Expect(status=200, events=EVENTS), _ok(START + TOKEN), "expected the events"),
    (GET, Expect(status=200, events=EVENTS), _ok(START + START + END), "expected the events"),
    (GET, Expect(status=200, events=EVENTS), _ok(START + END + TOKEN), "expected the events"),
    (GET, Expect(status=200, events=EVENTS), _ok(START + END + b"data: "), "after the last"),
    (GET, Expect(status=200, events=EVENTS), _ok(b"event: start\n\n"), "must start with 'data: '"),
    (Raw((b"HEAD / HTTP/1.1\r\n\r\n",)), Expect(status=200), _ok(b"x"), "no body after HEAD"),
    (PAGE, Expect(status=200, readable=True), _ok(), "can read"),
    (PAGE, Expect(status=200, readable=False), _ok(b"", ORIGIN), "cannot read"),
    (PREFLIGHT, Expect(status=200, passes=True), _ok(b"", ORIGIN), "a preflight that passes"),
    (PREFLIGHT, Expect(status=200, passes=False), _ok(b"", ORIGIN, METHODS), "a preflight that fails"),
]


@pytest.mark.parametrize(("request_", "expect", "answer"), GOOD)
def test_what_is_right(request_: Request | Raw, expect: Expect, answer: Answer) -> None:
    """An answer that keeps an expectation has no faults."""
    assert faults(request_, expect, answer) == []


@pytest.mark.parametrize(("request_", "expect", "answer", "said"), BAD)
def test_what_is_wrong(request_: Request | Raw, expect: Expect, answer: Answer, said: str) -> None:
    """An answer that does not keep it has, and they say what was expected and what came."""
    found = faults(request_, expect, answer)
    assert any(said in fault for fault in found), found


def test_same_needs_whole_matches() -> None:
    """A pattern matches a whole string, and a list all of its items."""
    assert not same(re.compile("a"), "ab", whole=True)
    assert not same(["a"], ["a", "b"], whole=False)
    assert not same(re.compile("1"), 1, whole=True)
