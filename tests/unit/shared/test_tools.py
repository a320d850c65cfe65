"""The agent's tools, above all with what strangers would type into them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from shared.agent.tools import TOOLS, Context, Tool, run_tool
from shared.models import Message

NOW = datetime(2026, 11, 22, 15, 1, 30, tzinfo=UTC)


def said(*contents: str) -> Context:
    """A session in which the user said these things, each answered with "ok"."""
    pairs = ((Message(role="user", content=text), Message(role="assistant", content="ok")) for text in contents)
    return Context(tuple(message for pair in pairs for message in pair), NOW)


def use(name: str, context: Context | None = None, **arguments: Any) -> str:
    """Run one of the agent's own tools."""
    return run_tool(TOOLS, name, arguments, context or said())


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("6 * 7", "42"),
        ("2+3*4", "14"),
        ("(2+3)*4", "20"),
        ("-2**2", "-4"),
        ("2**-1", "0.5"),
        ("2**3**2", "512"),
        ("10-4-3", "3"),
        ("7//2", "3"),
        ("-7//2", "-4"),
        ("7 % 4", "3"),
        ("6/3", "2"),
        ("0.1+0.2", "0.3"),
        ("1e3 + .5", "1000.5"),
        ("--+-3", "-3"),
        ("0*-1.0", "0"),
        ("2**100", "1267650600228229401496703205376"),
        ("(-1)**(10**900)", "1"),
    ],
)
def test_calculates(expression: str, result: str) -> None:
    """Arithmetic follows Python's precedence, and whole floats read like whole numbers."""
    assert use("calculate", expression=expression) == result


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        pytest.param("9**9**9", "more than 1000 digits", id="tower"),
        pytest.param("(" * 1_000_000, "longer than 200 characters", id="megabyte"),
        pytest.param("(" * 100 + "1" + ")" * 99, "nested more than 40 deep", id="deep"),
        pytest.param("-" * 199 + "1", "nested more than 40 deep", id="signs"),
        pytest.param("1" + "**1" * 66, "nested more than 40 deep", id="powers"),
        pytest.param("__import__('os')", "'__import__' is no number", id="import"),
        pytest.param("().__class__", "'.' is no number", id="attribute"),
        pytest.param("nan", "'nan' is no number", id="nan"),
        pytest.param("inf", "'inf' is no number", id="inf"),
        pytest.param("x\0y", "'x' is no number", id="nul"),
        pytest.param("٣+٤", "is no number", id="other-digits"),
        pytest.param("1/0", "division by zero", id="zero"),
        pytest.param("0**-1", "division by zero", id="zero-power"),
        pytest.param("5 % 0.0", "division by zero", id="zero-remainder"),
        pytest.param("1e308*10", "too large", id="overflow"),
        pytest.param("1e999", "too large", id="infinite-literal"),
        pytest.param("10.0**400", "too large", id="float-power"),
        pytest.param("10**900/3", "too large", id="int-to-float"),
        pytest.param("2**-(10**900)", "too large", id="int-exponent"),
        pytest.param("10**999*10**999", "more than 1000 digits", id="product"),
        pytest.param("(-8)**0.5", "not a real number", id="complex"),
        pytest.param("", "a number is missing before the end", id="empty"),
        pytest.param("   ", "a number is missing before the end", id="blank"),
        pytest.param("1 +", "a number is missing before the end", id="unfinished"),
        pytest.param("1 2", "an operator is missing before 2", id="juxtaposed"),
        pytest.param("(1", ") is missing before the end", id="unclosed"),
        pytest.param("()", "a number is missing before )", id="nothing"),
        pytest.param("1)", "an operator is missing before )", id="unopened"),
    ],
)
def test_refuses_to_calculate(expression: str, words: str) -> None:
    """What has no result, or too big a one, is an error in words."""
    result = use("calculate", expression=expression)
    assert result.startswith("error: ")
    assert words in result
    assert len(result) < 100


@pytest.mark.parametrize(
    ("zone", "result"),
    [
        ("Europe/Paris", "2026-11-22 16:01 CET (UTC+01:00)"),
        ("UTC", "2026-11-22 15:01 UTC (UTC+00:00)"),
        ("Asia/Kolkata", "2026-11-22 20:31 IST (UTC+05:30)"),
        ("America/Argentina/Buenos_Aires", "2026-11-22 12:01 -03 (UTC-03:00)"),
    ],
)
def test_tells_the_time(zone: str, result: str) -> None:
    """The time is the context's, to the minute, with the zone's name and offset."""
    assert use("get_time", zone=zone) == result


@pytest.mark.parametrize(
    "zone",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "Europe",
        "Europe/Atlantis",
        "",
        "Europe/Paris\0",
        "A" * 5000,
        "Ünïcode/Zone",
        ".",
    ],
)
def test_knows_no_such_zone(zone: str) -> None:
    """An unknown or malformed zone is an error in words, and no file outside the zones is looked at."""
    result = use("get_time", zone=zone)
    assert result.startswith("error: there is no time zone ")
    assert len(result) < 120


@pytest.mark.parametrize(
    ("which", "result"),
    [("first", "one"), ("last", "three"), ("all", "1. one\n2. two\n3. three")],
)
def test_recalls(which: str, result: str) -> None:
    """The user's messages are told apart from the replies, oldest first."""
    assert use("recall", said("one", "two", "three"), which=which) == result


def test_recalls_nothing_at_first() -> None:
    """In a new session there is nothing to recall, which is no error."""
    assert use("recall", which="first").startswith("nothing yet")


def test_recalls_at_bounded_length() -> None:
    """All messages of a long session are shortened, one line each."""
    lines = use("recall", said(*["word\n" * 1000] * 50), which="all").splitlines()
    assert len(lines) == 50
    assert all(len(line) <= 104 and line.endswith("…") for line in lines)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("calculate", {}, "expression: Field required"),
        ("calculate", {"expression": 7}, "expression: Input should be a valid string"),
        ("calculate", {"expression": "1", "more": 1}, "more: Extra inputs are not permitted"),
        ("recall", {"which": "secret"}, "which: Input should be 'first', 'last' or 'all'"),
        ("launch", {}, "there is no tool 'launch'; there are: calculate, get_time, recall"),
        ("x" * 5000, {}, "there is no tool 'xxx"),
    ],
)
def test_validates(name: str, arguments: dict[str, Any], words: str) -> None:
    """An unknown tool and bad arguments are errors that say what is wrong, at bounded length."""
    result = run_tool(TOOLS, name, arguments, said())
    assert result.startswith(f"error: {words}")
    assert len(result) < 200


def test_leaks_nothing_of_a_crash(caplog: pytest.LogCaptureFixture) -> None:
    """A tool that raises gives an error without its exception, which is logged."""

    class Nothing(BaseModel):
        """No arguments."""

    def crash(_: Nothing, __: Context) -> str:
        raise RuntimeError("secret")

    broken = Tool("broken", "Breaks.", Nothing, crash)
    assert run_tool([broken], "broken", {}, said()) == "error: broken failed"
    assert "secret" in caplog.text
