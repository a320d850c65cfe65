"""What is made of a URL and of a request before anything is sent."""

from __future__ import annotations

import pytest

from loadtests.drive.client.message import Endpoint, prepare
from loadtests.errors import UserError


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "https://127.0.0.1", "http://", "http://127.0.0.1/x", "http://h:99999"]
)
def test_url_that_cannot_be_loaded_is_refused(url: str) -> None:
    """A base URL that is none is refused in one sentence that shows a good one."""
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:8000"):
        Endpoint.of(url)


def test_prepared_request() -> None:
    """A prepared request has its line, its host, its headers and a counted body."""
    request = prepare(Endpoint.of("http://127.0.0.1:1"), "POST", "/chat", {"X-API-Key": "k"}, b"{}")
    assert request == b"POST /chat HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX-API-Key: k\r\nContent-Length: 2\r\n\r\n{}"
