"""What is a find and what is none, on outcomes made by hand; above all that nothing excuses a failure."""

from dataclasses import replace

import pytest

from tests.conformance.wire import Answer
from tests.fuzz.example import Example
from tests.fuzz.exchange import Ending, Outcome
from tests.fuzz.judge import judge
from tests.fuzz.known import HALF_CLOSE, OVERTAKES, explain
from tests.fuzz.samples import GET, run

OK = Answer(200, (("x-request-id", "x"), ("server", "a")), b"{}")
CLOSING = replace(OK, headers=(*OK.headers, ("connection", "close")))
FAILED = replace(OK, status=500)
BROKEN_STREAM = replace(OK, body=b'data: {"type":"error","error":"x"}\n\n')
REFUSED = Answer(400, (("content-type", "text/plain"),), b"no")
CRASHED = replace(REFUSED, status=500)
EXAMPLE = run(GET, GET)


def _came(*answers: Answer, ending: Ending = "closed", broken: str | None = None) -> Outcome:
    return Outcome(answers, ending, broken)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_came(OK, OK), _came(replace(OK, headers=(("x-request-id", "x"), ("server", "b"))), OK)),
        (_came(REFUSED), _came(replace(REFUSED, status=431, body=b"other words"))),
        (_came(OK, CLOSING), _came(OK, OK, OK)),
        (_came(ending="waiting"), _came(ending="waiting")),
    ],
    ids=["server-header", "both-refuse", "close-as-announced", "both-wait"],
)
def test_no_find(one: Outcome, other: Outcome) -> None:
    """What the contract lets differ is the same to the judge."""
    assert judge(EXAMPLE, one, other).parts is None
    assert judge(EXAMPLE, other, one).parts is None


@pytest.mark.parametrize(
    ("one", "other", "parts"),
    [
        (_came(OK), _came(replace(OK, status=404)), "status 200 and 404"),
        (_came(OK), _came(replace(OK, body=b"{ }")), "body from character 1"),
        (_came(OK), _came(replace(OK, headers=(*OK.headers, ("vary", "x")))), "header vary: absent and 'x'"),
        (_came(OK, OK), _came(OK), "one answers more: 200 200, then closed, against 200, then closed"),
        (_came(OK), _came(), "one answers more: 200, then closed, against nothing, then closed"),
        (_came(OK), _came(REFUSED), "one refuses: 200, then closed, against 400!, then closed"),
        (_came(OK), _came(OK, ending="waiting"), "ends otherwise"),
        (_came(OK), _came(OK, ending="hung"), "hung"),
        (_came(OK), _came(broken="illegal status line"), "illegal status line"),
        (_came(FAILED), _came(FAILED), "a 500"),
        (_came(CRASHED), _came(CRASHED), "one refuses: 500!"),
        (_came(BROKEN_STREAM), _came(BROKEN_STREAM), "a stream that failed"),
    ],
)
def test_a_find(one: Outcome, other: Outcome, parts: str) -> None:
    """Everything else is a find, whatever the other server does; a failure is one even where both fail alike."""
    assert parts in (judge(EXAMPLE, one, other).parts or "")


@pytest.mark.parametrize("later", [FAILED, BROKEN_STREAM])
def test_nothing_excuses_a_failure(later: Answer) -> None:
    """An app's failure is a find behind a refusal that came first, too, and on a connection that was left."""
    for one in (_came(REFUSED), _came()):
        verdict = judge(EXAMPLE, one, _came(OK, later, REFUSED))
        assert verdict.failed


def test_a_refusal_overtakes_only_what_is_refused() -> None:
    """uvicorn's early refusal is explained where gunicorn refuses later; not where it never does, or crashes."""
    early = _came(REFUSED)
    assert explain(EXAMPLE, 0, early, _came(OK, REFUSED)) == OVERTAKES
    assert explain(EXAMPLE, 0, early, _came(OK, OK)) is None
    assert explain(EXAMPLE, 0, early, _came(OK, CRASHED)) is None
    assert explain(EXAMPLE, 0, _came(OK, OK), _came(REFUSED)) is None


def test_a_half_close_explains_only_silence() -> None:
    """Of a client that has left uvicorn may say less than gunicorn, not something else and not more."""
    left = Example("leave", (GET,), "leave")
    assert explain(left, 0, _came(), _came(OK)) == HALF_CLOSE
    assert explain(left, 0, _came(OK), _came()) is None
    assert explain(left, 0, _came(OK), _came(REFUSED)) is None
    assert explain(run(GET), 0, _came(), _came(OK)) is None
