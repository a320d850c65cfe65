"""The commands that start a server, and the requests that a reader then sends to it."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest

from loadtests.serve import kept_port
from tests.readme.document import Command, of
from tests.readme.typed import Typed, answers, ran, typed
from tests.requirements import skip_or_fail

LOOPBACK = "--host 127.0.0.1"
OPEN_TO_ALL = ("fastapi",)  # listens on every address unless it is told not to


def _events(body: str) -> list[dict[str, object]]:
    return [json.loads(line.removeprefix("data: ")) for line in body.splitlines() if line.startswith("data: ")]


def _healthy(body: str) -> None:
    assert json.loads(body)["status"] == "healthy"


def _calculated(body: str) -> None:
    assert "42" in json.loads(body)["reply"]


def _streamed(body: str) -> None:
    events = _events(body)
    assert events[0]["type"] == "start"
    assert "token" in {event["type"] for event in events}
    assert events[-1] == {"type": "end"}


PROMISED: Mapping[str, Callable[[str], None]] = MappingProxyType(
    {"/health": _healthy, "/chat": _calculated, "/chat/stream": _streamed}
)


@pytest.fixture(autouse=True)
def curl() -> None:
    """Requests are sent with the tool that the README sends them with."""
    if not shutil.which("curl"):
        skip_or_fail("curl", "install curl")


def _keeps_its_promise(request: Command, port: int | None = None) -> None:
    """Send it; what the address promises must be in the answer."""
    urls = [urlsplit(word) for word in request.words if word.startswith("http")]
    assert len(urls) == 1, request.text
    check = PROMISED.get(urls[0].path)
    assert check, f"{request.where}: teach tests/readme/test_servers.py (PROMISED) how to run: {request.text}"
    check(ran(request, port, "--fail-with-body --max-time 10 --silent --show-error"))


def _start(command: Command, port: int, started: Typed) -> None:
    started.until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, f"answer to {command.text}")


@pytest.mark.parametrize("command", of("server"), ids=lambda command: command.id)
def test_server(command: Command) -> None:
    """The command starts a server that gives every documented request what the README promises, and ends on SIGTERM."""
    address = LOOPBACK if command.words[0] in OPEN_TO_ALL else ""
    with kept_port() as port, typed(command, port, address) as started:
        _start(command, port, started)
        for request in of("request"):
            _keeps_its_promise(request, port)


@pytest.mark.parametrize("command", of("server with a key of its own"), ids=lambda command: command.id)
def test_server_that_says_how_to_talk_to_it(command: Command) -> None:
    """It prints a key and `curl` lines; these lines, pasted, work; and it leaves no server when it ends."""
    assert "VALID_API_KEYS" not in command.exports
    with kept_port() as port, typed(command, port) as started:
        started.until(lambda: "Ctrl-C stops it" in started.output, 30, f"welcome of {command.text}")
        _start(command, port, started)
        key = re.search(r"^ *key +(\S+)$", started.output, flags=re.MULTILINE)
        printed = [line.strip() for line in started.output.splitlines() if line.strip().startswith("curl ")]
        assert key
        assert len(printed) == 2
        for line in printed:
            assert key[1] in line
            _keeps_its_promise(replace(command, text=line))
        assert answers(f"http://127.0.0.1:{port}/")
        assert answers(f"http://127.0.0.1:{port}/docs")


@pytest.mark.parametrize("command", of("request"), ids=lambda command: command.id)
def test_request(command: Command, served: int) -> None:
    """The request is answered with what the README promises, by a server that the README started."""
    _keeps_its_promise(command, served)
