"""Servers that a user can point `parity verify URL` at by mistake: real sockets, each with one way to be wrong.

Rule: a behaviour is a function of an open connection, called once the request's head has come; nothing is answered but
what it sends. `localhost.pem` (a certificate that nobody trusts, with its key, made for these tests) is all that the
ones with TLS need. Neighbours: `test_verify_url`.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("localhost.pem")
HEALTHY = b'{"status":"healthy","version":"1.0.0"}'
REFUSED = b'{"error":"Unauthorized","detail":"Invalid API Key"}'
UNKNOWN = b'{"error":"Not found","detail":"There is no such session for this key"}'

Behaviour = Callable[[socket.socket, bytes], None]
"""What to do with a connection, given the head of the request that came."""


def response(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def says(answer: bytes) -> Behaviour:
    """Send these bytes to everybody, and close."""
    return lambda connection, _: connection.sendall(answer)


def hangs(before: bytes = b"") -> Behaviour:
    """Send the beginning, and then nothing until the client has had enough."""

    def behave(connection: socket.socket, _: bytes) -> None:
        connection.sendall(before)
        connection.recv(1)

    return behave


def drips(connection: socket.socket, _: bytes) -> None:
    """Send a byte now and then, for as long as the client takes them: no single read ever waits long."""
    pause = threading.Event()
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    with suppress(OSError):
        while not pause.wait(0.02):
            connection.sendall(b"x")


def healthy(answers: Mapping[bytes, bytes], otherwise: bytes = REFUSED) -> Behaviour:
    """A good /health; elsewhere what stands beside the key that came."""

    def behave(connection: socket.socket, head: bytes) -> None:
        keyed = (answer for key, answer in answers.items() if b"X-API-Key: " + key + b"\r\n" in head)
        keyless = head.startswith(b"GET /health ")
        connection.sendall(response("200 OK", HEALTHY) if keyless else next(keyed, response("401 No", otherwise)))

    return behave


@contextmanager
def listening(behave: Behaviour, *, tls: bool = False, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve on a free port for the length of the block; gives `host:port`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        accepting = threading.Thread(target=_accept, args=(server, behave, tls))
        accepting.start()
        port = server.getsockname()[1]
        try:
            yield f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        finally:
            server.shutdown(socket.SHUT_RDWR)  # ends the accept
            accepting.join()


def _accept(server: socket.socket, behave: Behaviour, tls: bool) -> None:
    serving: list[threading.Thread] = []
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            serving.append(threading.Thread(target=_serve, args=(connection, behave, tls)))
            serving[-1].start()
    for thread in serving:
        thread.join()


def _serve(connection: socket.socket, behave: Behaviour, tls: bool) -> None:
    with suppress(OSError), connection:  # a client that has had enough, or that speaks the other scheme
        if not tls:
            behave(connection, _head(connection))
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        with context.wrap_socket(connection, server_side=True) as wrapped:
            behave(wrapped, _head(wrapped))


def _head(connection: socket.socket) -> bytes:
    """The request's head, or what came instead of one."""
    head = b""
    while b"\r\n\r\n" not in head and head[:1] in {b"", b"G"} and (data := connection.recv(1 << 16)):
        head += data
    return head
