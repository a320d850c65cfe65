"""Finds a TCP port for a server, or says before the start that it cannot have the one asked for.

Rule: asked by binding, never by guessing; every refusal names the port and the option that cures it.
Neighbours: `serve` asks here before it starts anything.
"""

import errno
import random
import socket

from loadtests.errors import UserError

# Below the range that the kernel gives to outgoing connections: none of them can take the port
# between our look at it and the server's bind.
RANGE = range(20_000, 30_000)


class PortTaken(UserError):
    """Another process listens on the port that was asked for."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    for port in random.SystemRandom().sample(RANGE, k=100):
        if _is_free(port, host):
            return port
    raise PortTaken(f"no free port on {host} from {RANGE.start} to {RANGE.stop}; end some servers")


def checked_port(port: int, host: str = "127.0.0.1") -> int:
    """Return `port` if a server can have it; `PortTaken` if not."""
    if not _is_free(port, host):
        raise PortTaken(f"port {port} is taken; choose another with --port")
    return port


def _is_free(port: int, host: str) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the servers do: a connection in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except PermissionError:
            raise PortTaken(f"port {port} needs an administrator's rights; choose one above 1023") from None
        except socket.gaierror:
            raise UserError(f"there is no host {host!r}; use 127.0.0.1 or 0.0.0.0 with --host") from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise UserError(f"{host} is no address of this machine; use 127.0.0.1") from None
            return False
    return True
