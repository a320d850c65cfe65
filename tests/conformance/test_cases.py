"""Plays every row of `cases`: alone on each server against what it expects, and on two servers against each other.

Rule: nothing is said of a row here that it does not say itself. A comparison pins the request id, and sends a row a
second time as a page of another origin would. Neighbours: `judge` (alone), `compare` (two), `cases` (the rows).
"""

from dataclasses import replace

import pytest

from tests.conformance.browser import ASKED
from tests.conformance.case import Case, Request, filled, sent, values
from tests.conformance.cases import ALL
from tests.conformance.compare import differences
from tests.conformance.events import parse
from tests.conformance.judge import faults, preflight
from tests.conformance.subject import Subject, fresh
from tests.conformance.wire import Answer

Twins = tuple[Subject, Subject]

PINNED = ("X-Request-ID", "x")
PAGE = ("Origin", "https://a.example")
# what `tests/openapi` compares: two documents that say the same in other words
DOCUMENT = "/openapi.json"


def _comparable(case: Case) -> bool:
    """Whether the app must answer: what a server program may refuse with 400 it refuses in words of its own."""
    document = isinstance(case.request, Request) and case.request.target == DOCUMENT and case.expect.status == 200
    own_words = isinstance(case.expect.status, tuple) and 400 in case.expect.status and case.expect.passes is None
    return not document and not own_words


def _can_be_a_pages(case: Case) -> bool:
    """Whether an Origin can be added: there is none, and it would not make another request of it."""
    return isinstance(case.request, Request) and all(case.request.header(name) is None for name in ("Origin", *ASKED))


COMPARED = [case for case in ALL if _comparable(case)]
OF_A_PAGE = [case for case in COMPARED if _can_be_a_pages(case)]


@pytest.mark.rows(ALL)
def test_alone(server: Subject, case: Case) -> None:
    """A row's request is sent.

    Expected: the answer, and what is stored after it, are what the row says.
    """
    known = _known(case, server)
    expect = filled(case.expect, known)
    answer = _play(case, server, known)
    wrong = faults(case.request, expect, answer)
    if expect.stored is not None and not wrong:
        held = tuple(each["content"] for each in server.messages(_session(answer)) if each["role"] == "user")
        wrong = [] if held == expect.stored else [f"expected to be stored {expect.stored!r}, found {held!r}"]
    assert not wrong, f"{case.id}: {'; '.join(wrong)}"


@pytest.mark.clause("answer.same-bytes", "answer.same-headers")
@pytest.mark.rows(COMPARED)
def test_twins(twins: Twins, case: Case) -> None:
    """A row's request is sent to two servers in the same state.

    Expected: both give the same status, headers and bytes; of a preflight, a browser decides the same.
    """
    _compare(twins, _with(case, PINNED))


@pytest.mark.clause("answer.same-headers", "cors.same")
@pytest.mark.rows(OF_A_PAGE, manner="It is sent from a page of another origin.")
def test_twins_of_a_page(twins: Twins, case: Case) -> None:
    """A row's request is sent to two servers in the same state, from a page of another origin.

    Expected: both give the same status, headers and bytes, those about CORS too.
    """
    _compare(twins, _with(case, PINNED, PAGE))


def _compare(twins: Twins, case: Case) -> None:
    known = _known(case, twins[0])
    one, other = (_play(case, subject, known) for subject in twins)
    if case.expect.passes is not None:
        decided = [preflight(case.request).decide(answer) for answer in (one, other)]
        assert decided[0] == decided[1], f"{case.id}: a browser decides {decided} of {(one, other)}"
        return
    found = differences(one, other, b"".join(sent(case.request, known)))
    assert not found, f"{case.id}, {' and '.join(subject.name for subject in twins)}: {'; '.join(found)}"


def _known(case: Case, subject: Subject) -> dict[str, str]:
    """What the placeholders mean on this server; a row for which it has too few keys does not apply."""
    known = dict(values(subject.key, subject.second_key, fresh()))
    named = b"".join(sent(case.request, {}))
    if b"(second-key)" in named and "(second-key)" not in known:
        pytest.skip("not applicable: needs a second key (--second-key)")
    if b"(key-swapped)" in named and known["(key-swapped)"] == subject.key:
        pytest.skip("not applicable: needs a key with letters in it")
    return known


def _play(case: Case, subject: Subject, known: dict[str, str]) -> Answer:
    return subject.raw(*sent(case.request, known), method=case.request.method)


def _with(case: Case, *headers: tuple[str, str]) -> Case:
    """The same row with those of these headers that it does not have itself."""
    request = case.request
    if not isinstance(request, Request):
        return case
    missing = tuple(header for header in headers if request.header(header[0]) is None)
    return replace(case, request=replace(request, headers=(*request.headers, *missing)))


def _session(answer: Answer) -> str:
    """The session of a turn, from its answer or from the first of its events."""
    told = parse(answer.body)[0][0] if answer.body.startswith(b"data: ") else answer.json()
    return str(told["session_id"])
