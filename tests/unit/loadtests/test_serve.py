"""Servers are started with an environment of their own, waited for, and leave nothing behind."""

import http.client
import json
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from loadtests.errors import UserError
from loadtests.serve import Server, ports, running, tree
from loadtests.serve.ports import PortTaken, checked_port, free_port, kept_port
from loadtests.targets import Target

FAKE = str(Path(__file__).with_name("fake_server.py"))


def fake(*options: str, env: Mapping[str, str] | None = None) -> Target:
    """A deployment of the fake server."""
    return Target(
        name="fake",
        title="Fake",
        framework="none",
        server="http.server",
        workers=1,
        command=("{python}", FAKE, "{port}", *options),
        env=env or {},
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the server of a test writes; its folder does not exist yet."""
    return tmp_path / "logs" / "fake.log"


def environment(server: Server) -> dict[str, str]:
    """What the server says it was given."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=5)
    try:
        connection.request("GET", "/environment")
        given: dict[str, str] = json.loads(connection.getresponse().read())
        return given
    finally:
        connection.close()


def refusal(target: Target, log: Path, **options: Any) -> str:
    """Start a server that cannot be had, and return what is said about it."""
    with pytest.raises(UserError) as caught, running(target, log=log, **options):
        pytest.fail("the block began")
    return f"{type(caught.value).__name__}: {caught.value}"


def interrupted(target: Target, log: Path, during: Callable[[], object], stop_timeout: float) -> None:
    """Run a server and do `during` in its block; a Ctrl-C must come out, and no process be left."""
    processes: list[psutil.Process] = []

    def run() -> None:
        with running(target, log=log, stop_timeout=stop_timeout) as server:
            processes.extend(server.processes())
            during()

    with pytest.raises(KeyboardInterrupt):
        run()
    assert processes
    assert not any(map(tree.alive, processes))


def test_a_server_is_healthy_in_the_block_and_gone_after_it(log: Path) -> None:
    """Its log is kept, its port is free again, and none of its processes lives."""
    with running(fake(), log=log) as server:
        processes = server.processes()
        assert [process.pid for process in processes] == [server.pid]
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert '"GET /health' in log.read_text()
    assert not any(map(tree.alive, processes))
    assert "drained" in log.read_text()
    assert checked_port(server.port) == server.port


def test_the_environment_is_minimal_and_the_later_layer_wins(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell's variables stay out; the target's lie over the defaults, the settings over those."""
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    target = fake(env={"LOG_LEVEL": "debug", "DRAIN_SECONDS": "1"})
    with running(target, log=log, settings={"DRAIN_SECONDS": "2"}) as server:
        given = environment(server)
    assert "WEB_CONCURRENCY" not in given
    assert (given["LOG_LEVEL"], given["DRAIN_SECONDS"]) == ("debug", "2")
    assert given["VALID_API_KEYS"] == server.key != ""


def test_each_server_has_a_store_of_its_own_that_is_deleted(log: Path) -> None:
    """Two servers at once have two sqlite files; the folder has gone afterwards."""
    with running(fake(), log=log) as one, running(fake(), log=log.with_name("two.log")) as two:
        stores = {environment(server)["SESSION_STORE"] for server in (one, two)}
    folders = {Path(store.removeprefix("sqlite:///")).parent for store in stores}
    assert len(folders) == 2
    for folder in folders:
        assert folder.is_relative_to(tempfile.gettempdir())
        assert not folder.exists()


def test_the_key_is_the_first_that_is_configured(log: Path) -> None:
    """Blanks and white space in the list are not keys; an empty list has none."""
    with running(fake(), log=log, settings={"VALID_API_KEYS": " , one ,two"}) as server:
        assert server.key == "one"
    with running(fake(), log=log, settings={"VALID_API_KEYS": ""}) as server:
        assert server.key == ""


def test_a_child_that_ignores_sigterm_is_killed(log: Path) -> None:
    """A worker that outlives the main process is still found, and ended."""
    with running(fake("--stubborn-child"), log=log, stop_timeout=0.5) as server:
        processes = server.processes()
        assert len(processes) == 2
    assert not any(map(tree.alive, processes))


def test_an_orphan_still_belongs_to_the_tree(log: Path) -> None:
    """When the main process is killed, its worker is found by the session, and ended."""
    with running(fake("--stubborn-child"), log=log, stop_timeout=0.2) as server:
        orphan = next(process for process in server.processes() if process.pid != server.pid)
        os.kill(server.pid, signal.SIGKILL)
        assert server.wait(5) == -signal.SIGKILL
        assert server.processes() == [orphan]
    assert not tree.alive(orphan)


def test_terminate_and_wait_are_an_operators_sigterm(log: Path) -> None:
    """SIGTERM lets the server end by itself, and its exit code is returned."""
    with running(fake("--slow-end", "0.2"), log=log) as server:
        server.terminate()
        assert server.wait(5) == 0
        assert server.processes() == []
    assert "drained" in log.read_text()


def test_kill_ends_the_whole_tree_at_once(log: Path) -> None:
    """After `kill` nothing of the server lives, and nothing was drained."""
    with running(fake("--stubborn-child"), log=log) as server:
        server.kill()
        assert server.processes() == []
    assert "drained" not in log.read_text()


def test_a_server_that_takes_too_long_to_end_is_killed(log: Path) -> None:
    """The block's end waits for `stop_timeout` and not longer."""
    with running(fake("--slow-end", "60"), log=log, stop_timeout=0.3) as server:
        processes = server.processes()
        left = time.monotonic()
    assert time.monotonic() - left < 10
    assert not any(map(tree.alive, processes))


def test_an_early_end_is_noticed_at_once_and_quotes_the_log(log: Path) -> None:
    """The error has the exit code, the log's path and its last lines; nobody waits for the time limit."""
    began = time.monotonic()
    said = refusal(fake("--fail", "DRAIN_SECONDS is no number"), log, ready_timeout=60)
    assert said.startswith(f"NotReady: fake ended with exit code 3 before it was ready; its log is {log}")
    assert said.endswith("\n  | DRAIN_SECONDS is no number")
    assert time.monotonic() - began < 30


def test_a_server_that_never_gets_ready_is_named_and_ended(log: Path) -> None:
    """A 503 from /health is not ready; the error has port, seconds and log, and the process is gone."""
    said = refusal(fake("--draining"), log, ready_timeout=0.5)
    found = re.match(r"NotReady: fake not ready on port (\d+) after 0.5 s; its log is", said)
    assert found, said
    assert checked_port(int(found[1])) == int(found[1])
    assert "| 127.0.0.1 - - [" in said


def test_a_command_that_does_not_exist_is_said(log: Path) -> None:
    """The operating system's refusal becomes a sentence with the target's name."""
    said = refusal(fake().model_copy(update={"command": ("/no/such/program", "{port}")}), log)
    assert said.startswith("NotReady: fake cannot be started: ")
    assert "/no/such/program" in said


def test_a_busy_port_is_found_before_the_start(log: Path) -> None:
    """The error names the port and the option; the server was never started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(fake(), log, port=port)
    assert said == f"PortTaken: port {port} is taken; choose another with --port"
    assert not log.exists()


@pytest.mark.parametrize(("host", "message"), [("203.0.113.9", "no address of this machine"), ("no host", "no host")])
def test_an_impossible_host_is_found_before_the_start(log: Path, host: str, message: str) -> None:
    """An address of another machine and a name that is none are said as such, not as a busy port."""
    assert message in refusal(fake(), log, host=host, port=8123)


def test_free_ports_are_free_and_differ() -> None:
    """Many are handed out without one that cannot be bound."""
    ports = {free_port() for _ in range(20)}
    assert len(ports) > 15
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_a_port_is_kept_for_one_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a port is kept nobody else is given it, before its server has bound it, meanwhile and after; a server can.

    With two ports in all, the second of three is the other one, and for the third there is none.
    """
    monkeypatch.setattr(ports, "RANGE", range(free_port(), 30_000)[:2])
    with kept_port() as first, kept_port() as second:
        assert first != second
        with pytest.raises(PortTaken, match="no free port"):
            free_port()
        with socket.create_server(("127.0.0.1", first)) as server:
            socket.create_connection(server.getsockname()).close()
            with pytest.raises(PortTaken, match="no free port"):
                free_port()
    assert free_port() in {first, second}


def press_ctrl_c() -> None:
    """Interrupt this process as the terminal would."""
    signal.raise_signal(signal.SIGINT)


def test_an_interrupt_leaves_nothing(log: Path) -> None:
    """Ctrl-C inside the block ends the server and goes on."""
    interrupted(fake("--stubborn-child"), log, press_ctrl_c, stop_timeout=0.2)


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io.FileIO name='/proc/:pytest.PytestUnraisableExceptionWarning"
)
def test_an_interrupt_while_stopping_kills_at_once(log: Path) -> None:
    """A Ctrl-C during the drain does not wait for it, and leaves nothing either.

    It can come between psutil's opening of a file under /proc and the block that closes it, and Python says so.
    """
    main = threading.main_thread().ident or 0
    timer = threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT))
    began = time.monotonic()
    interrupted(fake("--slow-end", "60"), log, timer.start, stop_timeout=60)
    timer.join()
    assert time.monotonic() - began < 30


def test_an_interrupt_while_killing_waits_for_the_kill(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more Ctrl-C, just when the tree is being ended, is held until that is done."""
    kill = tree.kill

    def pressed(processes: Iterable[psutil.Process], timeout: float = 5) -> None:
        press_ctrl_c()
        kill(processes, timeout)

    monkeypatch.setattr(tree, "kill", pressed)
    interrupted(fake("--stubborn-child"), log, lambda: None, stop_timeout=0.2)


@pytest.mark.skipif(not hasattr(psutil.Process, "cpu_affinity"), reason="this system cannot pin a process")
def test_the_whole_tree_is_pinned(log: Path) -> None:
    """Every process of the server runs on the given cores only."""
    cpu = min(os.sched_getaffinity(0))
    with running(fake("--stubborn-child"), log=log, cpus=frozenset({cpu}), stop_timeout=0.2) as server:
        pinned = [process.cpu_affinity() for process in server.processes()]
    assert pinned == [[cpu], [cpu]]


def test_nothing_is_read_from_the_terminal(log: Path) -> None:
    """A server that asks for input gets the end of it, and not the user's keys."""
    asks = "import sys; sys.exit(0 if sys.stdin.read() == '' else 1)"
    target = fake().model_copy(update={"command": (sys.executable, "-c", asks, "{port}")})
    assert "ended with exit code 0" in refusal(target, log)
