"""The results in the terminal: what is told of wrong cases, how often, and how, on a terminal of 80 columns."""

import re
from io import StringIO

import pytest
from rich.console import Console

from loadtests.verify import terminal
from loadtests.verify.grades import Grade
from loadtests.verify.records import Record
from loadtests.verify.results import About, Results, gather
from tests.unit.loadtests.recorded import NAMES, PAIR, record, results

SERVERS = ("fastapi-uvicorn", "flask-gevent", "flask-gthread", "aiohttp")


def told(found: Results, width: int = 120) -> str:
    """What a terminal of this width shows."""
    console = Console(file=StringIO(), width=width)
    terminal.show(found, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def wrong(case: str, subject: str, **more: object) -> Record:
    """A wrong record; what was done and why it is wrong are always the same."""
    return record(case, subject, Grade.WRONG, **{"does": "It is done.", "reason": "It is not so.", **more})


def test_the_servers_own_come_first() -> None:
    """What a server does wrong by itself explains what a pair does."""
    pair, own = wrong("a.pair", PAIR, does="Compared."), wrong("b.own", NAMES[1])
    text = told(results(pair, own))
    assert text.index("b.own on flask-gevent") < text.index(f"a.pair on {PAIR}")


def test_the_same_is_told_once() -> None:
    """Equal in what was done and why it is wrong: one entry, which counts and names the others."""
    found = results(wrong("a", NAMES[0]), wrong("a", NAMES[1]), wrong("b", NAMES[1]), wrong("c", NAMES[0], reason="x"))
    text = told(found)
    assert text.count("✗ wrong ") == 3  # two entries, and the legend
    assert "  also      2 more: flask-gevent, b on flask-gevent\n" in text
    assert text.count("It is not so.") == 1
    many = told(results(*(wrong(f"case.{number}", NAMES[0]) for number in range(30))))
    assert "also      29 more: " in many
    assert "and 23 more\n" in many
    assert "more wrong; the page" not in many


def test_many_different_ones_are_counted() -> None:
    """The rest is on the page."""
    found = results(*(wrong(f"case.{number}", NAMES[0], reason=str(number)) for number in range(23)))
    assert "… and 3 more wrong; the page has them all" in told(found)


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("others", [1, 2, 3])
def test_no_word_of_a_heading_is_broken(width: int, others: int) -> None:
    """A heading is broken after ~, then after a hyphen, and a number stays beside its sign."""
    servers = SERVERS[: others + 1]
    pairs = [f"{servers[0]}~{other}" for other in servers[1:]]
    many = [record(f"{number}", name) for number in range(100) for name in (*servers, *pairs)]
    text = told(gather([*many, wrong("x", servers[0])], About()), width)
    head, rows = text.partition("━")[0].partition("─")[0], text.partition("routes ")[2]
    words = {piece for piece in re.split(r"[\s~-]+", head) if piece}
    assert words == {"clauses", *(word for name in servers for word in name.split("-"))}
    assert max(map(len, head.splitlines())) <= width
    assert len(re.findall(r"✓ 100\b", rows)) == 2 * len([*servers, *pairs])


def test_a_pair_is_broken_at_its_sign() -> None:
    """Where that is enough."""
    names = ("fastapi-uvicorn", "aiohttp", "fastapi-uvicorn~aiohttp")
    head = told(gather([record("x", name) for name in names], About()), 60)
    assert re.search(r"fastapi-uvicorn~ *\n", head)
    assert re.search(r" aiohttp *\n", head)


def test_nothing_that_a_server_said_controls_the_terminal() -> None:
    """Escape sequences and what turns text round are shown as escapes."""
    text = told(results(wrong("x", NAMES[0], reason="a\x1b[2Jb\u202ec\rd")))
    assert r"because   a\u001b[2Jb\u202ec\u000dd" in text
