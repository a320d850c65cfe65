"""What a case is told when a server gives no answer that can be read."""

import socket
import threading

import pytest

from tests.conformance.subject import Subject


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"", "closed the connection without an answer"), (b"rubbish\r\n\r\n", "RemoteProtocolError"),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "RemoteProtocolError")],
    ids=["nothing", "rubbish", "half"],
)  # fmt: skip
def test_no_whole_answer(answer: bytes, said: str) -> None:
    """A server that closes early or answers rubbish fails the case, with its name, the request and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, answer))
        thread.start()
        subject = Subject("third", f"http://127.0.0.1:{listener.getsockname()[1]}", "k")
        with pytest.raises(AssertionError, match=f"third gave no whole answer to 'GET /health HTTP/1.1': .*{said}"):
            subject.get("/health")
        thread.join(5)


def test_nobody_there() -> None:
    """A port where nobody listens is said so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(AssertionError, match=r"third gave no whole answer .*Connection refused"):
        Subject("third", url, "k").get("/health")


def _serve(listener: socket.socket, answer: bytes) -> None:
    peer, _ = listener.accept()
    with peer:
        peer.recv(1 << 16)
        peer.sendall(answer)
