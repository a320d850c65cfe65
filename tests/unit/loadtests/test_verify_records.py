"""What the suite writes down is what the harness reads, and what it could not write down is not lost."""

from dataclasses import asdict
from pathlib import Path

import pytest

from loadtests.errors import UserError
from loadtests.verify import records
from loadtests.verify.grades import Count, Grade, count
from tests.conformance import record as suite
from tests.unit.loadtests.recorded import NAMES, record

OUTCOME = suite.Outcome(
    case="health.plain",
    node="tests/conformance/test_cases.py::test_alone[flask-gevent-health.plain]",
    clauses=("routes.health",),
    does="GET /health is sent.",
    expects="200.",
    subject="flask-gevent",
    profile="plain",
    grade="identical",
    reason="",
    seconds=0.5,
)
NONE = '<testsuites><testsuite><testcase classname="x" name="y"/></testsuite></testsuites>'
LOST = """<testsuites><testsuite>
<testcase classname="tests.conformance.test_cases" name="test_alone[flask-gevent-health.plain]" time="1.5">
<properties><property name="target" value="flask-gevent"/><property name="clause" value="routes.health"/></properties>
<failure message="m">worker 'gw1' crashed</failure></testcase>
<testcase classname="" name="tests.conformance.test_x" time="0.0"><error message="collection failure">no module</error>
</testcase></testsuite></testsuites>"""


def write(tmp_path: Path, *outcomes: suite.Outcome, report: str = NONE) -> tuple[records.Record, ...]:
    """Let the suite's own recorder write these, and read them back."""
    folder = tmp_path / "records"
    folder.mkdir()
    recorder = suite.Recorder(folder / "gw0.jsonl", suite.Masks({"secret-key": "(key)"}))
    for outcome in outcomes:
        recorder.begin()
        exchange = recorder.witness("flask-gevent")
        exchange.sent(b"GET /health HTTP/1.1\r\nX-API-Key: secret-key\r\n\r\n")
        exchange.received(b"HTTP/1.1 200 OK\r\n\r\n\xff")
        recorder.write(outcome)
    (tmp_path / "pytest.xml").write_text(report)
    return records.read(folder, tmp_path / "pytest.xml")


def test_the_suites_own_records_are_read(tmp_path: Path) -> None:
    """Every field that the suite writes, with no key in it."""
    (found,) = write(tmp_path, OUTCOME)
    assert {name: getattr(found, name) for name in asdict(OUTCOME)} == asdict(OUTCOME)
    (exchange,) = found.exchanges
    assert exchange.sent == "GET /health HTTP/1.1\r\nX-API-Key: (key)\r\n\r\n"
    assert (exchange.answer, exchange.cut, found.left_out) == ("HTTP/1.1 200 OK\r\n\r\n\\xff", False, 0)


def test_a_failure_without_a_record_is_not_lost(tmp_path: Path) -> None:
    """What pytest says failed and nobody wrote down: a process that died, a file that cannot be read."""
    other = suite.Outcome(**asdict(OUTCOME) | {"node": "tests/conformance/test_x.py::test_y"})
    good, crashed, broken = write(tmp_path, other, report=LOST)
    assert good.grade is Grade.IDENTICAL
    assert (crashed.subject, crashed.clauses, crashed.grade) == ("flask-gevent", ("routes.health",), Grade.WRONG)
    assert (crashed.reason, crashed.seconds) == ("worker 'gw1' crashed", 1.5)
    assert (broken.subject, broken.grade, broken.reason) == ("", Grade.WRONG, "no module")
    assert (crashed.node, broken.node) == (OUTCOME.node, "tests/conformance/test_x.py")
    assert [each.judges("fastapi-uvicorn") for each in (good, crashed, broken)] == [False, False, True]


def test_a_failure_with_a_record_is_told_once(tmp_path: Path) -> None:
    """The record says more than pytest's report, and stands for both."""
    wrong = suite.Outcome(**asdict(OUTCOME) | {"grade": "wrong", "reason": "why"})
    assert [(each.grade, each.reason) for each in write(tmp_path, wrong, report=LOST)] == [
        (Grade.WRONG, "why"),
        (Grade.WRONG, "no module"),
    ]


@pytest.mark.parametrize("line", ["{", '{"case": "x"}', '{"grade": "fine"}'])
def test_a_line_that_is_no_record_is_said(tmp_path: Path, line: str) -> None:
    """With its file and line, and what it may come of."""
    (tmp_path / "gw0.jsonl").write_text(f"{line}\n")
    with pytest.raises(UserError, match=r"gw0.jsonl:1 is not a record .* not of the same version of the kit"):
        records.read(tmp_path, tmp_path / "none.xml")


def test_grades_are_counted() -> None:
    """A pass needs something shown and nothing wrong; what did not apply is no pass."""
    assert count([Grade.KNOWN, Grade.IDENTICAL, Grade.IDENTICAL]) == Count(identical=2, known=1)
    assert Count(known=1).ok
    assert not Count(identical=9, wrong=1).ok
    assert not Count(not_applicable=9).ok
    assert [grade for grade, _ in Count().pairs()] == list(Grade)
    assert all(grade.explain.endswith(".") and len(grade.sign) == 1 for grade in Grade)


def test_the_suite_and_the_harness_know_the_same_grades() -> None:
    """The words that the suite writes are those of the one table."""
    assert {suite.IDENTICAL, suite.WRONG, suite.NOT_APPLICABLE, "known difference"} == set(Grade)
    assert record("x", NAMES[0], Grade.KNOWN).grade == "known difference"
