"""A run is broken off when a server has stopped answering: soon, with one sentence, and never for a lesser reason."""

import itertools
import re
import socket
from collections.abc import Iterable
from pathlib import Path

import h11
import pytest

from loadtests.serve import NotReady
from loadtests.serve.ports import free_port
from tests.conformance.patience import BROKEN_OFF, IN_A_ROW, IN_ALL, Patience, silence
from tests.conformance.selection import OWN, Deployment
from tests.conformance.subject import Subject
from tests.unit.loadtests.bad_servers import UNKNOWN, healthy, listening, response, says
from tests.unit.loadtests.test_cli import parity

KEY = "right"
SILENT = ConnectionRefusedError("refused")
WRONG = AssertionError("expected 200, got 500")


def chained(error: Exception, cause: Exception) -> Exception:
    """The error, raised from the cause."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "silent"),
    [
        (SILENT, True),
        (TimeoutError("timed out"), True),
        (chained(AssertionError("no whole answer"), SILENT), True),
        (NotReady("it ended"), True),
        (h11.RemoteProtocolError("illegal status line"), True),
        (chained(AssertionError("no whole answer"), h11.RemoteProtocolError("rubbish")), True),
        (BrokenPipeError("broken"), True),
        (pytest.fail.Exception("Timeout (>120.0s) from pytest-timeout."), True),
        (WRONG, False),
        (chained(WRONG, ValueError("no JSON")), False),
        (None, False),
    ],
    ids=repr,
)
def test_what_silence_is(error: Exception | None, silent: bool) -> None:
    """A case is silent when no answer came, and not when the answer was wrong."""
    assert (silence(error) is not None) is silent


class Run:
    """Some cases on one server, told to `Patience` one after the other until it has had enough."""

    def __init__(self, url: str | None, folder: Path, profile: str = "plain") -> None:
        self.patience = Patience(folder)
        self.said: str | None = None
        self._servers = [Subject("x", url, "key")] if url else []
        self._deployment = Deployment("x", ("x",), profile)

    def cases(self, errors: Iterable[Exception | None]) -> int:
        """Play cases that end so; gives how many there were before it was enough."""
        count = 0
        for error in itertools.takewhile(lambda _: self.said is None, errors):
            count += 1
            self.said = self.patience.note(f"test_{count}", self._deployment, self._servers, error)
        return count


def nobody() -> str:
    """An address where nothing listens."""
    return f"http://127.0.0.1:{free_port('127.0.0.1')}"


def test_a_dead_server_ends_the_run(tmp_path: Path) -> None:
    """After a few silent cases in a row the sentence names the server, how far it came and the first silent case."""
    url = nobody()
    run = Run(url, tmp_path)
    assert run.cases([None, WRONG, *[SILENT] * 100]) == 2 + IN_A_ROW
    told = f"the server at {url} stopped answering after 2 cases; the first was test_3: refused; start it again"
    assert str(run.said).startswith(told)
    assert (tmp_path / BROKEN_OFF).read_text("utf-8") == run.said


def test_a_server_that_never_answered(tmp_path: Path) -> None:
    """A server that is gone before the first case is said to be so."""
    run = Run(nobody(), tmp_path)
    assert run.cases([SILENT] * 100) == IN_A_ROW
    assert "before it had answered a single case" in str(run.said)


def test_silent_cases_among_others(tmp_path: Path) -> None:
    """Silent cases that do not come in a row are failures like others, as long as they are few."""
    run = Run(nobody(), tmp_path)
    assert run.cases([SILENT, SILENT, WRONG] * 20) == 60
    assert run.said is None


def test_a_server_that_still_says_it_is_healthy(tmp_path: Path) -> None:
    """Silent cases in a row on a server that answers GET /health are failures; too many of them end the run too."""
    with listening(says(response("200 OK", b"{}"))) as place:
        run = Run(f"http://{place}", tmp_path)
        assert run.cases([SILENT] * 1000) == IN_ALL
    assert f"left {IN_ALL} cases without an answer" in str(run.said)


def test_own_servers_are_not_taken_for_one(tmp_path: Path) -> None:
    """Cases that start servers of their own may lose them; only servers that do not start end the run."""
    run = Run(None, tmp_path, OWN)
    assert run.cases([SILENT] * 100) == 100
    assert run.cases([NotReady("x ended with exit code 3")] * 100) == IN_A_ROW
    assert "test_1: x ended with exit code 3" in str(run.said)


RUBBISH = b"SSH-2.0-OpenSSH_9.6\r\n"


@pytest.mark.parametrize("ending", [b"", RUBBISH], ids=["closes", "rubbish"])
def test_the_command_is_broken_off(ending: bytes) -> None:
    """`parity verify URL` on a server that goes bad on the way: exit code 2 and one sentence, in four processes."""
    alive = iter(range(30))
    well = healthy({KEY.encode(): response("404 Not Found", UNKNOWN)})

    def dying(connection: socket.socket, head: bytes) -> None:
        (well if next(alive, None) is not None else says(ending))(connection, head)

    with listening(dying) as place:
        done = parity("verify", f"http://{place}", "--key", KEY)
    assert done.returncode == 2
    assert re.fullmatch(r"parity: .*\n", done.stderr), done.stderr
    assert f"the server at http://{place} stopped answering" in done.stderr
    assert "the suite was broken off" in done.stderr
    assert "===" not in done.stdout, "pytest's own words are in the log"


def test_rubbish_counts_from_its_beginning(tmp_path: Path) -> None:
    """The number is that of the cases before the first answer that was none, and not of those until it was noticed."""
    rubbish = chained(AssertionError("no whole answer"), h11.RemoteProtocolError("illegal status line"))
    with listening(says(RUBBISH)) as place:
        run = Run(f"http://{place}", tmp_path)
        assert run.cases([None, SILENT, None, WRONG, *[rubbish] * 100]) == 4 + IN_A_ROW
    assert "stopped answering after 4 cases; the first was test_5: illegal status line" in str(run.said)
