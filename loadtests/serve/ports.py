"""Finds a TCP port for a server, or says before the start that it cannot have the one asked for.

Rule: asked by binding, never by guessing; a port that was found is kept for its server until that has ended, or two
that start in the same second would get the same, and one would be measured in the other's name. Every refusal names
the port and the option that cures it. Neighbours: `serve` and `drive` ask here before they start anything.
"""

import errno
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from loadtests.errors import UserError

# Below the range that the kernel gives to outgoing connections: none of them can take the port
# between our look at it and the server's bind.
RANGE = range(20_000, 30_000)


class PortTaken(UserError):
    """Another process listens on the port that was asked for."""


@contextmanager
def kept_port(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that nobody listens on, and that nobody else gets from here, in any process, while the block lasts.

    A server that sets SO_REUSEADDR, as they all do, can bind it meanwhile.
    """
    with _keep(host) as keeper:
        yield keeper.getsockname()[1]


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on, for a command that takes its port as a word."""
    with kept_port(host) as port:
        return port


def checked_port(port: int, host: str = "127.0.0.1") -> int:
    """Return `port` if a server can have it; `PortTaken` if not."""
    if not _is_free(port, host):
        raise PortTaken(f"port {port} is taken; choose another with --port")
    return port


def _keep(host: str) -> socket.socket:
    """Bind one without SO_REUSEADDR, which no other socket may share, and with it from then on, which servers may."""
    for port in random.SystemRandom().sample(RANGE, k=min(100, len(RANGE))):
        keeper = socket.socket(_family(host))
        if _bound(keeper, host, port):
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            return keeper
        keeper.close()
    raise PortTaken(f"no free port on {host} from {RANGE.start} to {RANGE.stop}; end some servers")


def _is_free(port: int, host: str) -> bool:
    with socket.socket(_family(host)) as probe:
        # As the servers do: a connection in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not _bound(probe, host, port):
            return False
        try:
            probe.listen()
        except OSError:
            return False
    return True


def _bound(probe: socket.socket, host: str, port: int) -> bool:
    try:
        probe.bind((host, port))
    except PermissionError:
        raise PortTaken(f"port {port} needs an administrator's rights; choose one above 1023") from None
    except socket.gaierror:
        raise UserError(f"there is no host {host!r}; use 127.0.0.1 or 0.0.0.0 with --host") from None
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise UserError(f"{host} is no address of this machine; use 127.0.0.1") from None
        return False
    return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
