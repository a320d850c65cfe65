"""A service on several hosts: nginx and Redis in front, one twin on two servers, `parity worker` on two load hosts.

Rule: started in the order of need, each waited for by asking it, and all ended with the block. The configuration of
nginx is the one that is shipped (deploy/nginx), filled in. Neighbours: `net` (the hosts), `__main__`, `test_hosts`.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from loadtests.drive import DriveResult, DriveSpec, drive
from loadtests.hosts import Hosts
from loadtests.measure.environment import Cores
from loadtests.pinning import kept_to
from loadtests.serve import ROOT, Server, running, tree
from loadtests.targets import load_targets
from tests.hosts.net import Net, network

FRONT, DESK = "front", "desk"
SERVERS: Final = ("server-1", "server-2")
LOADERS: Final = ("load-1", "load-2")
TWINS: Final[Mapping[str, str]] = {"fastapi": "fastapi-uvicorn", "flask": "flask-gevent"}
NGINX: Final = ROOT / "deploy" / "nginx"
PATIENCE: Final = 60.0
PARITY: Final = (sys.executable, "-c", "from loadtests.cli import main; main()")


@dataclass(frozen=True)
class Site:
    """What runs. `workers`: the process of each load host's `parity worker`; `start` runs one more, to the end."""

    net: Net
    key: str
    folder: Path
    servers: Mapping[str, Server]
    workers: Mapping[str, "subprocess.Popen[bytes]"]
    start: "Starter"

    @property
    def url(self) -> str:
        """nginx."""
        return f"http://{self.net.addresses[FRONT]}:8080"

    def drive(self, scenario: str, *, url: str | None = None, wait: float = PATIENCE, **given: object) -> DriveResult:
        """A round that both load hosts send, ordered from the desk; `url` None: through nginx."""
        facts: dict[str, object] = {"seconds": 2.0, "warmup": 1.0, "timeout": 3.0, **given}
        with self.net.inside(DESK) as address:
            hosts = Hosts(LOADERS, address, wait=wait)
            return drive(DriveSpec(scenario, url or self.url, self.key, hosts=hosts, **facts))  # type: ignore[arg-type]

    def served(self) -> Counter[str]:
        """How many requests each server host has answered well, by nginx's log: the last one that it tried."""
        hosts = {f"{address}:8000": host for host, address in self.net.addresses.items()}
        lines = (self.folder / "access.log").read_text("utf-8").splitlines()
        answers = (json.loads(line) for line in lines)
        return Counter(hosts[each["server"].split(", ")[-1]] for each in answers if each["status"] == "200")


@contextmanager
def site(
    twin: str, folder: Path, settings: Mapping[str, str] | None = None, cores: Cores | None = None
) -> Iterator[Site]:
    """The whole service, for the length of the block; servers and load hosts on these cores."""
    pinned = cores or Cores(server=(), generator=(), note="")
    key, servers = secrets.token_hex(8), dict[str, Server]()
    with ExitStack() as stack:
        net = stack.enter_context(network((FRONT, DESK, *SERVERS, *LOADERS)))
        on = _starter(stack, net, folder)
        with kept_to(pinned.generator):
            workers = {host: on(host, _worker(net, host)) for host in LOADERS}
        for command, port in ((_redis(net.addresses[FRONT]), 6379), (_nginx(net, folder), 8080)):
            with kept_to(pinned.server):
                process = on(FRONT, command)
            _listening(net, process, net.addresses[FRONT], port)
        store = {"SESSION_STORE": f"redis://{net.addresses[FRONT]}:6379/0", "VALID_API_KEYS": key}
        target = load_targets()[TWINS[twin]]
        for host in SERVERS:
            with net.inside(host) as address:
                there = running(
                    target,
                    log=folder / f"{host}.log",
                    settings={**store, **(settings or {})},
                    host=address,
                    port=8000,
                    cpus=frozenset(pinned.server) or None,
                    ready_timeout=PATIENCE,
                    stop_timeout=1.0,
                )
                servers[host] = stack.enter_context(there)
        yield Site(net, key, folder, servers, workers, on)


def missing() -> dict[str, str]:
    """Programs that are not here: their name as PARITY_REQUIRE has it, and the cure."""
    programs = {"nginx": "nginx", "redis": "redis-server"}
    return {
        name: f"apt-get install {program}, or put the program on PATH"
        for name, program in programs.items()
        if shutil.which(program) is None
    }


def until(what: Callable[[], object], told: str) -> None:
    """Poll until this holds."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{told} did not come in {PATIENCE:.0f} s")
        time.sleep(0.02)


Starter = Callable[[str, Sequence[str]], "subprocess.Popen[bytes]"]


def _starter(stack: ExitStack, net: Net, folder: Path) -> Starter:
    def on(host: str, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        log = stack.enter_context((folder / f"{host}-{Path(command[0]).name}.log").open("wb"))
        with net.inside(host):
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        stack.callback(_end, process)
        return process

    return on


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It and all that it has started: a worker's own processes have a session of their own."""
    tree.kill(tree.members(process.pid))
    process.wait()


def _worker(net: Net, host: str) -> Sequence[str]:
    return (*PARITY, "worker", "--master", net.addresses[DESK], "--name", host)


def _redis(address: str) -> Sequence[str]:
    options = {"bind": address, "port": "6379", "save": "", "appendonly": "no", "protected-mode": "no"}
    return ("redis-server", *(word for name, value in options.items() for word in (f"--{name}", value)))


def _nginx(net: Net, folder: Path) -> Sequence[str]:
    """The shipped configuration, for these servers. As root nginx would give its workers to an account of its own."""
    one = "server {}:8000 max_fails=1 fail_timeout=2s;"
    filled = {
        "PARITY_LISTEN": f"{net.addresses[FRONT]}:8080",
        "PARITY_SERVERS": " ".join(one.format(net.addresses[host]) for host in SERVERS),
        "PARITY_LOG": str(folder / "access.log"),
    }
    (folder / "parity.conf").write_text(Template((NGINX / "parity.conf").read_text()).safe_substitute(filled))
    frame = shutil.copy(NGINX / "nginx.conf", folder)
    user = "user root; " if os.geteuid() == 0 else ""
    return ("nginx", "-p", str(folder), "-c", str(frame), "-g", f"{user}daemon off;")


def _listening(net: Net, process: "subprocess.Popen[bytes]", address: str, port: int) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with exit code {process.returncode}; its log is in the folder")
        with net.inside(DESK), socket.socket() as probe:
            return probe.connect_ex((address, port)) == 0

    until(answers, f"{address}:{port}")
