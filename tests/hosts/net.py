"""Hosts of their own on one machine: a network namespace each, a cable to one switch, and nothing outside of them.

Rule: the switch is in a namespace too, so no interface, address or route of the machine itself is touched, and what a
test has made is gone when its block ends, however it ends; what a killed one has left is removed by the next. A thread
that is `inside` a host makes its sockets and its processes there. Neighbours: `site` (what runs on the hosts).
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psutil

NAMESPACES: Final = Path("/run/netns")
OF_A_THREAD: Final = "/proc/thread-self/ns/net"
CLONE_NEWNET: Final = 0x40000000
MARK: Final = "parity"
SWITCH: Final = "switch"


class Unable(Exception):
    """This machine cannot do it; the message says what is missing and the cure."""


class Net:
    """A switch, and these hosts on it, each with an address of 10.77.0.0/24."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self.addresses: Mapping[str, str] = MappingProxyType({host: f"10.77.0.{n}" for n, host in enumerate(hosts, 1)})

    def up(self) -> None:
        """Make all of it."""
        for host in (SWITCH, *self.addresses):
            _ip("netns", "add", self.namespace(host))
            _ip("-n", self.namespace(host), "link", "set", "lo", "up")
        switch = self.namespace(SWITCH)
        _ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", switch, "link", "set", "bridge", "up")
        for number, (host, address) in enumerate(self.addresses.items(), 1):
            there, port = self.namespace(host), f"port{number}"
            _ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", there)
            _ip("-n", switch, "link", "set", port, "master", "bridge", "up")
            _ip("-n", there, "address", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", there, "link", "set", "eth0", "up")

    def down(self) -> None:
        """Remove all of it; a namespace takes its ends of the cables with it."""
        for host in (*self.addresses, SWITCH):
            with suppress(Unable):  # it was not made any more
                _ip("netns", "delete", self.namespace(host))

    def namespace(self, host: str) -> str:
        """What the kernel calls it."""
        return f"{MARK}{os.getpid()}-{host}"

    @contextmanager
    def inside(self, host: str) -> Iterator[str]:
        """This thread, and what it starts, on that host; gives its address."""
        before = os.open(OF_A_THREAD, os.O_RDONLY)
        there = os.open(NAMESPACES / self.namespace(host), os.O_RDONLY)
        try:
            _enter(there)
            yield self.addresses[host]
        finally:
            _enter(before)
            os.close(there)
            os.close(before)

    def plug(self, host: str, *, into: bool) -> None:
        """Pull its cable, or put it in again."""
        port = f"port{list(self.addresses).index(host) + 1}"
        _ip("-n", self.namespace(SWITCH), "link", "set", port, "up" if into else "down")

    def shape(self, host: str, delay_ms: float, loss_percent: float) -> None:
        """Delay what it sends, and lose some of it."""
        shaping = ("delay", f"{delay_ms:g}ms", "loss", f"{loss_percent:g}%")
        _run("tc", "-n", self.namespace(host), "qdisc", "replace", "dev", "eth0", "root", "netem", *shaping)


@contextmanager
def network(hosts: Sequence[str]) -> Iterator[Net]:
    """These hosts, for the length of the block. Raises `Unable`."""
    sweep()
    net = Net(hosts)
    try:
        net.up()
        yield net
    finally:
        net.down()


def why_not() -> str:
    """Why no namespaces can be made here, and the cure; "" if they can."""
    if shutil.which("ip") is None:
        return "apt-get install iproute2"
    probe = f"{MARK}{os.getpid()}-probe"
    try:
        _ip("netns", "add", probe)
        _ip("-n", probe, "link", "add", "bridge", "type", "bridge")
        _ip("-n", probe, "link", "add", "one", "type", "veth", "peer", "name", "other")
    except Unable as error:
        return f"run it as root, on a kernel with veth and bridge ({error})"
    finally:
        with suppress(Unable):
            _ip("netns", "delete", probe)
    return ""


def why_no_delay() -> str:
    """Why `tc` cannot delay or lose packets here; "" if it can."""
    if reason := why_not():
        return reason
    with network(["probe"]) as net:
        try:
            net.shape("probe", 1, 0)
        except Unable as error:
            return f"this kernel has no sch_netem ({str(error).rpartition(': ')[2]})"
    return ""


def sweep() -> None:
    """Remove what a test has left that was killed."""
    for left in NAMESPACES.glob(f"{MARK}*-*"):
        number = left.name.removeprefix(MARK).partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            with suppress(Unable):  # another test was quicker
                _ip("netns", "delete", left.name)


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*words: str) -> None:
    try:
        subprocess.run(words, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise Unable(f"{' '.join(words)}: {error.stderr.strip()}") from error


def _enter(namespace: int) -> None:
    """`os.setns` came with Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
