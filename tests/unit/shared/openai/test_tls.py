"""A call over TLS that is cancelled."""

import ssl
from pathlib import Path

import pytest

from tests.unit.shared.openai.asking import (
    HELLO,
    Asking,
    Blocking,
    answer,
    configured,
    readers,
    said,
    until,
)
from tests.unit.shared.openai.upstream import (
    EVENTS,
    Upstream,
    answering,
    says,
    waits,
)


@pytest.mark.parametrize("after", [b"", EVENTS], ids=["in the headers", "in the body"])
def test_a_call_over_tls_is_cancelled_too(after: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that waits for an encrypted connection is woken as well."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(Path(__file__).with_name("localhost.pem"))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(Path(__file__).with_name("localhost.pem"))
    monkeypatch.setattr("httpx2.create_ssl_context", lambda **_: client)

    async def test(asking: Asking, upstream: Upstream) -> None:
        assert said(await answer(asking, HELLO)) == ["fine"]
        await asking.open(HELLO)
        await until(asking, lambda: len(upstream.requests) == 2, "request")
        assert await asking.receive(0.05) == ()
        await asking.close_call()
        await until(asking, lambda: readers() == 0, "end of the reader")
        await until(asking, lambda: upstream.gone == 1, "end of the connection")

    with answering(says("fine"), waits(after), tls=server) as upstream:
        asking = Blocking(configured(upstream.url))
        asking.run(test(asking, upstream))
        asking.model.close()
