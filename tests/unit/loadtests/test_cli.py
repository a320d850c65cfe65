"""The `parity` command as a user meets it: as a process, by its output and exit code."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import pytest

from loadtests.cli.options import USUAL
from loadtests.serve.ports import free_port, kept_port
from loadtests.targets import DEFAULT_TARGETS

FAKE = Path(__file__).with_name("fake_server.py")
ENTRIES = {"fake": "", "slow": "--slow-end 60", "failing": "--fail 'SESSION_STORE cannot be written'"}
ENTRY = """
[{name}]
title = "A fake"
framework = "none"
server = "http.server"
workers = 1
command = "{{python}} {fake} {{port}} {options}"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A targets file with the fakes."""
    path = tmp_path / "targets.toml"
    entries = (ENTRY.format(name=name, fake=FAKE, options=options) for name, options in ENTRIES.items())
    path.write_text("".join(entries))
    return path


def command(*arguments: str) -> list[str]:
    """The command line of `parity`, with this interpreter."""
    return [sys.executable, "-c", "from loadtests.cli import main; main()", *arguments]


def parity(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, check=False)


def refused(*arguments: str) -> str:
    """Run it with a mistake, and return the one sentence that answers it."""
    done = parity(*arguments)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr + done.stdout
    said = [line for line in done.stderr.splitlines() if line.startswith("parity: ")]
    assert len(said) == 1, done.stderr
    return said[0]


class Foreground:
    """`parity serve`, running: what it has printed, and its process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.printed = ""
        self.until("Ctrl-C stops it")
        self.tree = psutil.Process(process.pid).children(recursive=True)

    def until(self, text: str) -> None:
        """Read on until it has printed this."""
        assert self.process.stdout is not None
        while text not in self.printed:
            line = self.process.stdout.readline()
            assert line, f"it ended without {text!r}:\n{self.printed}"
            self.printed += line

    def ended(self) -> int:
        """Wait for its end and return the exit code; nothing that it started may be left."""
        assert self.process.stdout is not None
        self.printed += self.process.stdout.read()
        code = self.process.wait(20)
        gone, left = psutil.wait_procs(self.tree, timeout=5)
        assert gone
        assert not [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
        return code

    @property
    def environment(self) -> dict[str, str]:
        """What the server was given."""
        port = re.search(r"http://127.0.0.1:(\d+)/chat\n", self.printed)
        assert port
        connection = http.client.HTTPConnection("127.0.0.1", int(port[1]), timeout=5)
        try:
            connection.request("GET", "/environment")
            given: dict[str, str] = json.loads(connection.getresponse().read())
            return given
        finally:
            connection.close()


Serve = Callable[..., AbstractContextManager[Foreground]]


@pytest.fixture
def serve(file: Path) -> Serve:
    """Start `parity serve`, ready; it is killed with its server if a test leaves it."""

    @contextmanager
    def start(target: str, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Foreground]:
        environment = {**os.environ, **(env or {}), "PYTHONUNBUFFERED": "1"}
        with kept_port() as port:
            line = command("serve", target, "--targets", str(file), "--port", str(port), *options)
            process = subprocess.Popen(
                line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
            )
            try:
                yield Foreground(process)
            finally:
                if process.poll() is None:
                    for child in psutil.Process(process.pid).children(recursive=True):
                        child.kill()
                    process.kill()
                process.wait()
                assert process.stdout is not None
                process.stdout.close()

    return start


def test_the_help_names_the_usual_targets() -> None:
    """What a command says that it takes without a name is what it takes."""
    assert tuple(USUAL.split(", ")) == DEFAULT_TARGETS


def test_help_names_every_command_and_loads_no_heavy_module() -> None:
    """`parity --help` needs neither Locust nor pytest nor a server."""
    done = parity("--help")
    assert done.returncode == 0
    for name in ("serve", "verify", "drive", "compare", "report"):
        assert re.search(rf"\b{name}\b", done.stdout), name
    heavy = "import sys, loadtests.cli; print({'locust', 'gevent', 'jinja2', 'psutil', 'pydantic'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"


@pytest.mark.parametrize("arguments", [["sreve"], ["serve"], ["serve", "x", "--port", "http"], ["verify", "--jnit"]])
def test_wrong_usage_is_answered_with_the_usage(arguments: list[str]) -> None:
    """An unknown command or flag, a missing or impossible value: usage and exit code 2."""
    done = parity(*arguments)
    assert done.returncode == 2
    assert "Usage: " in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_says_all_that_is_needed_to_try_it(serve: Serve) -> None:
    """The URL, a fresh key, and curl lines for both routes; the server's log is on the terminal."""
    with serve("fake", env={"VALID_API_KEYS": ""}) as served:
        key = served.environment["VALID_API_KEYS"]
        assert key.startswith("parity-")
        lines = [line.strip() for line in served.printed.splitlines() if line.strip().startswith("curl ")]
        assert [line.rsplit("/", 1)[1] for line in lines] == ["chat", "stream"]
        for line in lines:
            assert f"-H 'X-API-Key: {key}'" in line
        assert '"GET /health' in served.printed
        served.process.send_signal(signal.SIGINT)
        assert served.ended() == 0


def test_the_shells_settings_hold_and_set_wins(serve: Serve) -> None:
    """A setting of the environment reaches the server, --set lies over it; gunicorn's own variables stay out."""
    shell = {"SCRIPTED_ITL": "1", "LOG_LEVEL": "debug", "GUNICORN_CMD_ARGS": "--workers 9", "VALID_API_KEYS": "k"}
    with serve("fake", "--set", "SCRIPTED_ITL=0.5", "--set", "SCRIPTED_FAULTS=a=b", env=shell) as served:
        given = served.environment
        served.process.send_signal(signal.SIGINT)
        assert served.ended() == 0
    assert (given["SCRIPTED_ITL"], given["SCRIPTED_FAULTS"]) == ("0.5", "a=b")
    assert (given["LOG_LEVEL"], given["VALID_API_KEYS"]) == ("debug", "k")
    assert "GUNICORN_CMD_ARGS" not in given


def test_ctrl_c_lets_the_server_finish(serve: Serve) -> None:
    """The first one is a SIGTERM to the server, which ends by itself; that is no failure."""
    with serve("fake") as served:
        served.process.send_signal(signal.SIGINT)
        assert served.ended() == 0
        assert "Ctrl-C again ends it at once" in served.printed
        assert "drained" in served.printed


def test_a_second_ctrl_c_ends_it_at_once(serve: Serve) -> None:
    """A server that takes its time is killed, and the exit code says interrupted."""
    with serve("slow") as served:
        served.process.send_signal(signal.SIGINT)
        served.until("Ctrl-C again")
        served.process.send_signal(signal.SIGINT)
        assert served.ended() == 130
        assert "drained" not in served.printed


def test_sigterm_stops_the_server_too(serve: Serve) -> None:
    """A supervisor's SIGTERM leaves no server behind."""
    with serve("fake") as served:
        served.process.send_signal(signal.SIGTERM)
        assert served.ended() == 128 + signal.SIGTERM
        assert "drained" in served.printed


def test_a_server_that_dies_is_said(serve: Serve) -> None:
    """Its exit code is in the sentence, and the exit code is 2."""
    with serve("fake") as served:
        served.tree[0].kill()
        assert served.ended() == 2
    assert "parity: fake ended by itself with exit code -9" in served.printed


def test_a_server_that_cannot_start_is_said(file: Path) -> None:
    """Its own words are on the terminal, then one sentence with its exit code."""
    said = refused("serve", "failing", "--targets", str(file), "--port", str(free_port()))
    assert said == "parity: failing ended with exit code 3 before it was ready; the reason is in its log above"


def test_a_busy_port_is_said(file: Path) -> None:
    """The sentence names the port and the option."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("serve", "fake", "--targets", str(file), "--port", str(port))
    assert said == f"parity: port {port} is taken; choose another with --port"


MISTAKES = {
    "unknown target": (["serve", "flask-gvent"], "there is no target 'flask-gvent'; did you mean flask-gevent?"),
    "no NAME=VALUE": (["serve", "flask-sync", "--set", "DRAIN"], "--set 'DRAIN' is not NAME=VALUE; write, for"),
    "no name": (["serve", "flask-sync", "--set", "=1"], "--set '=1' is not NAME=VALUE"),
    "no file": (["serve", "fake", "--targets", "none.toml"], "there is no targets file none.toml"),
    "URL without key": (["verify", "http://127.0.0.1:9"], "give one that http://127.0.0.1:9 accepts with --key"),
    "URL and target": (["verify", "http://127.0.0.1:9", "fake", "--key", "k"], "a URL is verified by itself"),
    "no scheme": (
        ["verify", "127.0.0.1:8000", "--key", "k"],
        "'127.0.0.1:8000' is no target, and no URL without its scheme; write http://127.0.0.1:8000",
    ),
    "no expression": (
        ["verify", "-k", "not a ( valid"],
        "-k 'not a ( valid' is no expression (at column 14: expected =; got end of input); write parts of names with",
    ),
    "no keyword": (["verify", "-k", "stream(1)"], "-k 'stream(1)' is no expression ("),
    "key and target": (["verify", "flask-sync", "--key", "k"], "--key belongs to a URL"),
    "verify unknown": (["verify", "flask-threads"], "there is no target 'flask-threads'; did you mean flask-g"),
    "nothing there": (["verify", "http://127.0.0.1:9", "--key", "k"], "nothing listens at 127.0.0.1, port 9; start"),
    "no clause": (
        ["verify", "--clause", "routes.helth"],
        "no clause 'routes.helth'; choose from: routes.page",
    ),
    "no scenario": (["drive", "chatt", "--url", "http://127.0.0.1:9", "--key", "k"], "no scenario 'chatt'"),
    "nothing to load": (["drive", "chat", "--url", "http://127.0.0.1:9", "--key", "k"], "nothing to load at"),
    "compare unknown": (["compare", "flask-threads"], "there is no target 'flask-threads'; did you mean flask-g"),
    "compare nothing": (["compare", "--only", "speed"], "there is no scenario 'speed'"),
    "quick and full": (["compare", "--quick", "--full"], "--quick and --full are different runs; ask for one at a"),
    "full and quick": (["compare", "--full", "--quick"], "--quick and --full are different runs; ask for one at a"),
    "quick matrix": (["fairness", "--quick", "--matrix"], "--quick and --matrix are different runs"),
    "no run": (["report", "none"], "none"),
}


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_one_sentence(arguments: list[str], sentence: str) -> None:
    """What, where and the cure on stderr, exit code 2, no traceback."""
    assert sentence in refused(*arguments)
