"""Bodies that no row can hold: those whose end never comes. The limit itself is in the rows of `cases/sizes.py`."""

import pytest

from tests.conformance import wire
from tests.conformance.cases.sizes import CHUNKED, MIB, pieces
from tests.conformance.samples import LIMIT
from tests.conformance.subject import JSON, Subject


@pytest.mark.clause("errors.too-large-early", "errors.too-large-chunked")
@pytest.mark.parametrize("coding", ["content-length", "chunked"])
def test_a_giant_is_refused_before_its_end(server: Subject, coding: str) -> None:
    """A client declares 10 GB, or chunks without an end, and stops after 1 MiB over the limit to listen.

    Expected: 413 within seconds, though the body's end has not come.
    """
    sent = pieces(b" " * (LIMIT + MIB + 8192))
    length = CHUNKED if coding == "chunked" else ("Content-Length", "10000000000")
    with server.connect(timeout=5) as connection:
        connection.expect("POST")
        connection.send(wire.request("POST", "/chat", [("X-API-Key", server.key), JSON, length]))
        connection.send(*(wire.chunked(sent, end=False) if coding == "chunked" else sent))
        assert connection.answer().status == 413


@pytest.mark.concurrent(2)
@pytest.mark.clause("errors.too-large-sending")
@pytest.mark.parametrize("coding", ["content-length", "chunked"])
def test_a_client_that_takes_its_time(server: Subject, coding: str) -> None:
    """A client sends 1 MiB more than the limit piece by piece, and another client is answered between two pieces.

    Expected: it can send all of it, and then reads the 413.
    """
    body = b" " * (LIMIT + MIB)
    sent = [body[at : at + LIMIT] for at in range(0, len(body), LIMIT)]
    length = CHUNKED if coding == "chunked" else ("Content-Length", str(len(body)))
    with server.connect() as connection:
        connection.expect("POST")
        connection.send(wire.request("POST", "/chat", [("X-API-Key", server.key), JSON, length]))
        for piece in wire.chunked(sent) if coding == "chunked" else sent:
            connection.send(piece)
            assert server.request("GET", "/health").status == 200
        assert connection.answer().status == 413
