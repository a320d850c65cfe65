"""`parity worker` on this machine alone: who is refused, who is waited for, and that nobody hangs when it is over."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

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
