"""`parity worker` on this machine alone: who is refused, who is waited for, and that nobody hangs when it is over."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgpack  # type: ignore[import-untyped]  # it has no hints
import psutil
import pytest
import zmq

from loadtests.drive import DriveResult, DriveSpec, drive
from loadtests.hosts import Hosts, HostsLost
from loadtests.serve import ROOT, kept_port, tree
from tests.hosts.site import PARITY, PATIENCE, until
from tests.unit.loadtests.scripted import Served, contract, reply, serving


@contextmanager
def worker(port: int, name: str, folder: Path = ROOT) -> Iterator["subprocess.Popen[bytes]"]:
    """A load host of this name, with the kit in that folder."""
    command = (*PARITY, "worker", "--master", f"127.0.0.1:{port}", "--name", name)
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            tree.kill(tree.members(process.pid))


def generator(process: "subprocess.Popen[bytes]") -> psutil.Process | None:
    """The Locust worker that it has now."""
    return next(iter(psutil.Process(process.pid).children()), None)


def played(served: Served, port: int, *names: str, wait: float = PATIENCE) -> DriveResult:
    """A short round that these hosts send."""
    hosts = Hosts(names, "127.0.0.1", port, wait)
    return drive(DriveSpec("chat", served.url, "good", users=2, seconds=0.5, warmup=0.2, timeout=5.0, hosts=hosts))


def another_kit(folder: Path) -> Path:
    """This kit with one line changed that decides about the load."""
    shutil.copytree(ROOT / "loadtests", folder / "loadtests", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "loadtests" / "arrivals.py").open("a", encoding="utf-8") as source:
        source.write("\n# newer\n")
    return folder


def test_a_round_is_played_by_the_hosts_that_were_named_or_not_at_all(tmp_path: Path) -> None:
    """Another version is refused for good and one that stays away is waited for in vain, each told with its cure; the
    host that did nothing wrong is there for the next round.
    """
    with kept_port() as port, serving(contract(lambda _: (0.005, reply()))) as served, worker(port, "load-1"):
        with worker(port, "load-2", another_kit(tmp_path)) as other:
            with pytest.raises(HostsLost, match=r"load-2 has another version: the kit's loadtests folder is .* there"):
                played(served, port, "load-1", "load-2")
            assert other.wait(PATIENCE) == 1
            assert other.stderr is not None
            assert b"this worker was not taken: load-2 has another version" in other.stderr.read()
        with pytest.raises(HostsLost, match=r"load-2 did not come within 8 s; run on load-2: parity worker --master"):
            played(served, port, "load-1", "load-2", wait=8.0)
        result = played(served, port, "load-1")
    assert [sent.host for sent in result.generator.workers] == ["load-1"]
    assert result.requests.count == result.generator.workers[0].requests > 0


def test_who_comes_as_a_run_ends_is_told_that_it_is_over() -> None:
    """Locust's master goes on listening for half a second after it has said that it quits: whoever comes then, and is
    taken, is sent away too, or it would wait for ten seconds for a master that has gone.
    """
    with ExitStack() as opened:
        port = opened.enter_context(kept_port())
        served = opened.enter_context(serving(contract(lambda _: (0.005, reply()))))
        over = opened.enter_context(ThreadPoolExecutor(1)).submit(played, served, port, "load-1", wait=1.0)
        came: list[zmq.Socket[bytes]] = []
        while not over.done():
            came.append(opened.enter_context(comer(port, f"comer-{len(came)}")))
            time.sleep(0.05)
        with pytest.raises(HostsLost, match="load-1 did not come"):
            over.result()
        time.sleep(0.2)  # for what is still on its way
        heard = [said(one) for one in came]
    assert [told for told in heard if "ack" in told and "quit" not in told] == []
    assert {"ack", "parity-time", "quit"} in heard
    assert {"ack", "quit"} in heard  # those who came at its end


@contextmanager
def comer(port: int, name: str) -> Iterator["zmq.Socket[bytes]"]:
    """What a worker says first of all, and nothing more."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    with socket:
        socket.setsockopt(zmq.IDENTITY, name.encode())
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(f"tcp://127.0.0.1:{port}")
        socket.send(msgpack.dumps(("client_ready", -1, name)))
        socket.send(msgpack.dumps(("parity-ask", {"asked": 0.0}, name)))
        yield socket


def said(socket: "zmq.Socket[bytes]") -> set[str]:
    """What it was told up to now."""
    kinds = set()
    while socket.poll(0):
        kinds.add(msgpack.loads(socket.recv())[0])
    return kinds


def test_ctrl_c_leaves_no_worker_hanging() -> None:
    """Ctrl-C ends a round on the load hosts too, which wait for the next; Ctrl-C ends them, with all they started."""
    with kept_port() as port, serving(contract(lambda _: (0.005, reply()))) as served, worker(port, "load-1") as host:
        hosts = ("--workers", "load-1", "--listen", f"127.0.0.1:{port}")
        load = ("drive", "chat", "--url", served.url, "--key", "good", "--users", "2", "--seconds", "60")
        with subprocess.Popen((*PARITY, *load, *hosts), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as driving:
            until(lambda: len(served.requests) > 20, "the load")
            loaded = generator(host)
            driving.send_signal(signal.SIGINT)
            _, said = driving.communicate(timeout=PATIENCE)
        assert (driving.returncode, said.count(b"\n")) == (130, 1)
        until(lambda: generator(host) not in {None, loaded}, "a fresh worker")
        assert loaded is not None
        assert not loaded.is_running()
        fresh = generator(host)
        host.send_signal(signal.SIGINT)
        assert host.wait(PATIENCE) == 130
        assert fresh is not None
        assert not fresh.is_running()


def test_a_worker_without_its_supervisor_ends() -> None:
    """A load generator whose `parity worker` was killed does not go on sending."""
    with kept_port() as port, serving(contract(lambda _: (0.005, reply()))) as served, worker(port, "load-1") as host:
        hosts = ("--workers", "load-1", "--listen", f"127.0.0.1:{port}")
        load = ("drive", "chat", "--url", served.url, "--key", "good", "--users", "2", "--seconds", "5")
        with subprocess.Popen((*PARITY, *load, *hosts), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as driving:
            until(lambda: len(served.requests) > 20, "the load")
            loaded = generator(host)
            assert loaded is not None
            host.kill()
            until(lambda: not tree.alive(loaded), "its end")
            driving.communicate(timeout=PATIENCE)
        assert driving.returncode != 0
