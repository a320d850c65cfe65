"""Holds one answer against what a row expects of it, and says in words what is wrong.

Rule: a table of checks, one for each field of `Expect`, each a few lines that yield sentences; and the envelope, which
every error has whatever the row is about. Neighbours: `case` (the row), `browser` (what a page may read).
"""

import json
import re
from collections.abc import Iterator, Mapping
from types import EllipsisType
from typing import Any

from tests.conformance import browser, events
from tests.conformance.case import Expect, Problem, Raw, Request
from tests.conformance.samples import TITLES
from tests.conformance.wire import Answer

FREE = ("token", "tool_call")
"""The events that `...` stands for."""


def faults(request: Request | Raw, expect: Expect, answer: Answer) -> list[str]:
    """Everything that is wrong with an answer, a sentence each; nothing where it is right."""
    wanted = expect.status if isinstance(expect.status, tuple) else (expect.status,)
    if answer.status not in wanted:
        shown = " or ".join(map(str, wanted))
        return [f"expected status {shown}, got {answer.status} with {_cut(answer.body)}"]
    return [said for check in CHECKS for said in check(request, expect, answer)]


def _envelope(request: Request | Raw, _: Expect, answer: Answer) -> Iterator[str]:
    """Title and detail, of every error that the app answers; a 400 is the server program's own."""
    title = TITLES.get(answer.status)
    if title is None:
        return
    if answer.header("Content-Type") != "application/json":
        yield f"expected an error to be application/json, got {answer.header('Content-Type')!r}"
    if request.method == "HEAD":
        return
    told = _parsed(answer)
    if not isinstance(told, dict) or list(told) != ["error", "detail"] or told["error"] != title:
        yield f"expected the error {title!r} with a detail and no more, got {_cut(answer.body)}"
    elif not told["detail"] or not isinstance(told["detail"], list if answer.status == 422 else str):
        wanted = "list of entries" if answer.status == 422 else "sentence"
        yield f"expected a {wanted} as detail, got {told['detail']!r}"


def _detail(_: Request | Raw, expect: Expect, answer: Answer) -> Iterator[str]:
    if expect.detail is None and expect.detail_has is None:
        return
    told = _parsed(answer)
    detail = told.get("detail") if isinstance(told, dict) else None
    if expect.detail is not None and detail != expect.detail:
        yield f"expected the detail {expect.detail!r}, got {detail!r}"
    if expect.detail_has is not None and expect.detail_has not in str(detail):
        yield f"expected a detail that names {expect.detail_has!r}, got {detail!r}"


def _problems(_: Request | Raw, expect: Expect, answer: Answer) -> Iterator[str]:
    if expect.problems is None:
        return
    told = _parsed(answer)
    entries = told.get("detail") if isinstance(told, dict) else None
    if not isinstance(entries, list) or not all(_is_entry(entry) for entry in entries):
        yield f"expected entries of exactly type, loc and msg, in this order, got {_cut(answer.body)}"
        return
    left = list(entries)
    for problem in expect.problems:
        found = next((entry for entry in left if _is(problem, entry)), None)
        if found is None:
            yield f"expected an entry like {problem}, got {entries!r}"
        else:
            left.remove(found)
    if left:
        yield f"expected {len(expect.problems)} entries, got more: {left!r}"


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and list(entry) == ["type", "loc", "msg"]
        and isinstance(entry["loc"], list)
        and entry["loc"][:1] == ["body"]
        and isinstance(entry["msg"], str)
        and bool(entry["msg"])
    )


def _is(problem: Problem, entry: Mapping[str, Any]) -> bool:
    kind = entry["type"] == problem.type if problem.type else entry["type"] != "json_invalid"
    return kind and (problem.loc is None or entry["loc"] == list(problem.loc))


def _headers(_: Request | Raw, expect: Expect, answer: Answer) -> Iterator[str]:
    for name, wanted in expect.headers:
        got = answer.all(name)
        if wanted is None and got:
            yield f"expected no header {name}, got {got!r}"
        elif isinstance(wanted, str) and got != [wanted]:
            yield f"expected {name}: {wanted}, once, got {got!r}"
        elif isinstance(wanted, re.Pattern) and not (len(got) == 1 and wanted.fullmatch(got[0])):
            yield f"expected {name} once and of the form {wanted.pattern}, got {got!r}"
    for name, word in expect.header_parts:
        listed = {part.strip().lower() for value in answer.all(name) for part in value.split(",")}
        if word.lower() not in listed:
            yield f"expected {name} to list {word}, got {answer.all(name)!r}"


def _body(request: Request | Raw, expect: Expect, answer: Answer) -> Iterator[str]:
    if request.method == "HEAD" and answer.body:
        yield f"expected no body after HEAD, got {_cut(answer.body)}"
    if expect.body is not None and answer.body != expect.body:
        yield f"expected the body {_cut(expect.body)}, got {_cut(answer.body)}"
    if expect.json is not None and not same(expect.json, _parsed(answer), whole=True):
        yield f"expected the JSON {_shown(expect.json)}, got {_cut(answer.body)}"
    if expect.has is not None and not same(expect.has, _parsed(answer), whole=False):
        yield f"expected JSON with {_shown(expect.has)}, got {_cut(answer.body)}"
    for part in expect.body_has:
        if part not in answer.body:
            yield f"expected a body with {part!r}, got {_cut(answer.body)}"
    for part in expect.body_has_not:
        if part in answer.body:
            yield f"expected a body without {part!r}, got {_cut(answer.body)}"


def _events(_: Request | Raw, expect: Expect, answer: Answer) -> Iterator[str]:
    if expect.events is None:
        return
    try:
        got, rest = events.parse(answer.body)
    except (AssertionError, ValueError) as error:
        yield f"expected a stream of events: {error}"
        return
    if rest:
        yield f"expected whole events, got {rest!r} after the last"
    if not _follows(list(expect.events), got):
        yield f"expected the events {_shown(expect.events)}, got {_cut(answer.body)}"


def _follows(wanted: list[Mapping[str, Any] | EllipsisType], got: list[events.Event]) -> bool:
    """Whether the events are those that are wanted; `...` takes tokens and tool calls for as long as there are any."""
    if not wanted:
        return not got
    first, *others = wanted
    if isinstance(first, EllipsisType):
        free = next((at for at, event in enumerate(got) if event.get("type") not in FREE), len(got))
        return any(_follows(others, got[at:]) for at in range(free + 1))
    return bool(got) and same(first, got[0], whole=True) and _follows(others, got[1:])


def _page(request: Request | Raw, expect: Expect, answer: Answer) -> Iterator[str]:
    origin = request.header("Origin") or ""
    if expect.readable is not None and browser.readable(answer, origin) is not expect.readable:
        allowed = answer.all("Access-Control-Allow-Origin")
        can = "can" if expect.readable else "cannot"
        yield f"expected an answer that a page of {origin} {can} read, got Access-Control-Allow-Origin: {allowed!r}"
    if expect.passes is not None and preflight(request).decide(answer) is not expect.passes:
        cors = [item for item in answer.headers if item[0].startswith("access-control-")]
        yield f"expected a preflight that {'passes' if expect.passes else 'fails'}, got {answer.status} with {cors}"


def preflight(request: Request | Raw) -> browser.Preflight:
    """The question that a browser asks by such a request."""
    asked = (request.header(name) or "" for name in ("Origin", *browser.ASKED))
    return browser.Preflight("", *asked)


CHECKS = (_envelope, _detail, _problems, _headers, _body, _events, _page)


def same(wanted: Any, got: Any, *, whole: bool) -> bool:
    """Whether JSON is what is wanted; `whole`: all of its fields and in this order, else these among others."""
    if wanted is ...:
        return True
    if isinstance(wanted, re.Pattern):
        return isinstance(got, str) and wanted.fullmatch(got) is not None
    if isinstance(wanted, Mapping):
        return (
            isinstance(got, dict)
            and (list(got) == list(wanted) if whole else got.keys() >= wanted.keys())
            and all(same(item, got[name], whole=whole) for name, item in wanted.items())
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(got, list)
            and len(got) == len(wanted)
            and all(same(*pair, whole=whole) for pair in zip(wanted, got, strict=True))
        )
    return type(wanted) is type(got) and bool(wanted == got)


def _parsed(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=lambda part: getattr(part, "pattern", "..."))
    return text if len(text) <= 400 else f"{text[:400]}…"


def _cut(body: bytes) -> str:
    return repr(body) if len(body) <= 400 else f"{body[:400]!r}… ({len(body)} bytes)"
