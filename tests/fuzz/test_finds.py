"""The fuzzer finds each kind of oddity of a fake server, shrunk to its cause, and nothing where there is none."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadtests.serve import running
from loadtests.targets import Target
from tests.conformance.subject import Subject
from tests.fuzz.example import Example
from tests.fuzz.exchange import Patience
from tests.fuzz.json_bytes import damaged
from tests.fuzz.kinds import Kind
from tests.fuzz.pair import Died, Pair
from tests.fuzz.run import Plan, fuzz, play_round
from tests.fuzz.tally import Find, Tally
from tests.fuzz.wellformed import chat

CHATS = damaged.map(lambda body: Example("json", (chat(b"/chat", body),)))
JSON = Kind("json", CHATS, 1, "JSON damaged at the byte level")
QUICK = Patience(pause=0.0, quiet=0.1, limit=5.0)
SHORT = Patience(pause=0.0, quiet=0.1, limit=1.0)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """A server without an oddity."""
    with _fake("none", tmp_path_factory.mktemp("fake")) as subject:
        yield subject


@contextmanager
def _fake(oddity: str, folder: Path) -> Iterator[Subject]:
    command = "{python} -m tests.fuzz.fakes " + oddity + " {port}"
    target = Target(
        name=f"fake-{oddity}",
        title="A fake",
        framework="none",
        server="fake",
        workers=1,
        command=tuple(command.split()),
    )
    with running(target, log=folder / f"{oddity}.log", stop_timeout=5) as server:
        yield Subject(target.name, server.url, "key", log=folder / f"{oddity}.log", server="fake")


@contextmanager
def _against(healthy: Subject, oddity: str, folder: Path, patience: Patience = QUICK) -> Iterator[Pair]:
    with _fake(oddity, folder) as odd, Pair(healthy, odd, patience, patience) as pair:
        yield pair


def _found(healthy: Subject, oddity: str, folder: Path) -> Find | None:
    with _against(healthy, oddity, folder) as pair:
        return play_round(pair, JSON, 1, 60, Tally())


@pytest.mark.parametrize(
    ("oddity", "parts"),
    [
        ("header", "header x-fake: 'same' and 'odd'"),
        ("body", "body from character"),
        ("500", "a 500: b'oops'"),
        ("silence", "one answers more: 200, then kept, against nothing, then closed"),
    ],
)
def test_an_oddity_is_found_and_shrunk(healthy: Subject, tmp_path: Path, oddity: str, parts: str) -> None:
    """An oddity is found, named, and shrunk to a body with hardly more in it than what causes it."""
    found = _found(healthy, oddity, tmp_path)
    assert found is not None
    assert found.steady
    assert parts in found.parts
    body = re.search(r"\\r\\n\\r\\n(.*)',\n", found.row)
    assert body is not None
    assert body[1].count(r"\x00") == 1
    assert len(body[1]) <= len(r'{"message":"hi"}\x00'), found.row


def test_a_server_that_hangs_is_a_find(healthy: Subject, tmp_path: Path) -> None:
    """A server that does not answer is given up after its time, and found."""
    with _against(healthy, "hang", tmp_path, SHORT) as pair:
        checked = pair.check(Example("json", (chat(b"/chat", b"\x00"),)))
    assert checked.parts == "hung: 200, then kept, against nothing, then hung"


def test_two_alike_are_no_find(healthy: Subject, tmp_path: Path) -> None:
    """Of two servers that are alike nothing is found, and every example is counted."""
    tally = Tally()
    with _against(healthy, "none", tmp_path) as pair:
        assert play_round(pair, JSON, 1, 60, tally) is None
    assert tally.requests == 2 * tally.examples["json"] > 60
    assert tally.answers["json", "2xx"] == tally.requests


def test_a_server_that_dies_ends_the_round(healthy: Subject, tmp_path: Path) -> None:
    """A server that is gone ends the round at once, and the example that ended it is told."""
    with pytest.raises(Died, match=r"takes no more connections.*POST /chat"):
        _found(healthy, "crash", tmp_path)


def test_a_death_is_a_find_of_the_run(healthy: Subject, tmp_path: Path) -> None:
    """In a long run the death of a server is a find, and the end."""
    tally = Tally()
    with _against(healthy, "crash", tmp_path) as pair:
        assert fuzz(pair, Plan(100_000, 1, 60, (JSON,)), tally, lambda _: None) == "finds"
    assert "takes no more connections" in tally.finds[-1].parts


def test_a_run_ends_when_it_has_sent_enough(healthy: Subject, tmp_path: Path) -> None:
    """A run without finds ends after the round in which it has sent what was asked for, and says so."""
    tally, told = Tally(), []
    with _against(healthy, "none", tmp_path) as pair:
        ended = fuzz(pair, Plan(300, 1, 60, (JSON,)), tally, lambda now: told.append(now.requests))
    assert ended == "complete"
    assert tally.requests >= 300 > (told[-2] if told[1:] else 0)


def test_an_interrupted_run_keeps_its_counts(healthy: Subject, tmp_path: Path) -> None:
    """Ctrl-C ends a run, and what was counted until then stands."""

    def interrupt(_: Tally) -> None:
        raise KeyboardInterrupt

    tally = Tally()
    with _against(healthy, "none", tmp_path) as pair:
        assert fuzz(pair, Plan(100_000, 1, 60, (JSON,)), tally, interrupt) == "interrupted"
    assert tally.requests > 0
