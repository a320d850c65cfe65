"""The content type of a request's body."""

import pytest

from tests.conformance.subject import Subject, payload

ACCEPTED = (
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
    "application/json ; a=b",
    "application/json; charset=latin-1",
    'application/json; a="b;c"',
)
REFUSED = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/vnd.api+json",
    "application/json-patch+json",
    "application/jsonx",
    "application/jsonp; charset=utf-8",
    "text/json",
    "application/*",
    "*/*",
    "json",
    "text/plain; a=application/json",
    "application/json, text/plain",
    "application/json\xa0",
    "application/json\x85; a=b",
)


@pytest.mark.clause("errors.media-parameters")
@pytest.mark.parametrize("media", ACCEPTED)
def test_accepted(server: Subject, media: str) -> None:
    """application/json is accepted in any letter case and with any parameters."""
    answer = server.request("POST", "/chat", [("X-API-Key", server.key), ("Content-Type", media)], payload("hé"))
    assert answer.status == 200


@pytest.mark.clause("errors.media-type")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
@pytest.mark.parametrize("media", REFUSED)
def test_refused(server: Subject, route: str, media: str) -> None:
    """Any other content type is 415, and the detail says which is accepted."""
    answer = server.request("POST", route, [("X-API-Key", server.key), ("Content-Type", media)], payload("hello"))
    assert (answer.status, answer.json()["error"]) == (415, "Unsupported media type")
    assert "application/json" in answer.json()["detail"]


@pytest.mark.clause("errors.media-type")
@pytest.mark.parametrize("headers", [[], [("Content-Type", "")]], ids=["missing", "empty"])
def test_missing(server: Subject, headers: list[tuple[str, str]]) -> None:
    """A body without a content type is 415."""
    answer = server.request("POST", "/chat", [("X-API-Key", server.key), *headers], payload("hello"))
    assert answer.status == 415
