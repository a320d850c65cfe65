"""Load from several machines: which hosts send it, and where their workers find this one.

Rule: only values and their checks, and nothing here imports Locust. Nothing listens on an address that was not named,
and no clock of another host is believed. Neighbours: `worker` (the command on a load host), `muster` (who has come),
`clock`, `kit` (are both the same version), `drive.crew` and `drive.member` (the two ends inside Locust).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from loadtests.errors import UserError
from loadtests.serve.ports import PortTaken, checked_port

PORT: Final = 5557  # Locust's own
WAIT: Final = 60.0
CREW: Final = "PARITY_CREW"
"""Set by `parity worker` for its processes: its own id, the host's name and how many processes it runs, with blanks."""
DISMISSED: Final = 3
"""The exit code of a process that need not come again."""


class HostsLost(UserError):
    """A load host that was asked for is not there, or cannot take part: no round can be played without it."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The load hosts by name, `processes` workers on each; the master listens on `address`, and waits `wait` s."""

    names: tuple[str, ...]
    address: str
    port: int = PORT
    wait: float = WAIT
    processes: int = 1

    @property
    def workers(self) -> int:
        """Load generator processes in all."""
        return len(self.names) * self.processes

    def command(self, name: str) -> str:
        """What is to be run on that host."""
        more = f" --processes {self.processes}" if self.processes > 1 else ""
        return f"parity worker --master {self.address}:{self.port} --name {name}{more}"

    @property
    def told(self) -> str:
        """What is to be run where, for the terminal."""
        return "\n".join(f"on {name}: {self.command(name)}" for name in self.names)


def hosts_of(workers: str | None, listen: str | None, wait: float = WAIT, processes: int = 1) -> Hosts | None:
    """What `--workers A,B --listen ADDRESS[:PORT]` ask for; None when neither is given. Raises `UserError`."""
    if workers is None and listen is None:
        return None
    if workers is None:
        raise UserError("--listen is where load hosts find this machine; name them with --workers host1,host2")
    if listen is None:
        raise UserError(
            "--workers needs --listen ADDRESS, an address of this machine that the load hosts reach: "
            "nothing listens on one that was not named"
        )
    names = tuple(name.strip() for name in workers.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise UserError(f"--workers {workers} must name each load host once, as in --workers host1,host2")
    if not 0 < wait < inf or processes <= 0:
        raise UserError("--workers-wait and --processes must be numbers over 0; give them like 60 and 2")
    address, port = endpoint(listen, "--listen")
    return Hosts(names, _own(address, port), port, wait, processes)


def endpoint(text: str, option: str) -> tuple[str, int]:
    """`HOST[:PORT]` in its parts. Raises `UserError`."""
    host, _, port = text.rpartition(":") if ":" in text else (text, "", str(PORT))
    if not host or ":" in host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise UserError(f"{option} {text} is no HOST[:PORT]; write a name or an IPv4 address, as in 10.0.0.1:{PORT}")
    return host, int(port)


def _own(address: str, port: int) -> str:
    try:
        checked_port(port, address)
    except PortTaken as error:
        raise UserError(f"port {port} of {address} is taken; choose another with --listen {address}:PORT") from error
    except UserError as error:
        raise UserError(f"{address} is no address of this machine; name one with --listen ADDRESS") from error
    return address


def members(seen: Sequence[str]) -> str:
    """Names in a sentence."""
    return " and ".join(filter(None, (", ".join(seen[:-1]), *seen[-1:])))
