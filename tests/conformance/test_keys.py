"""API keys: which are let in, which are not, and what happens when there are none."""

import pytest

from tests.conformance.poll import poll
from tests.conformance.subject import JSON, Subject, payload

PROTECTED = [("POST", "/chat"), ("POST", "/chat/stream"), ("GET", "/sessions/a"), ("DELETE", "/sessions/a")]
NAME = "X-API-Key"


def _status(server: Subject, *keys: str, route: tuple[str, str] = ("POST", "/chat")) -> int:
    headers = [*((NAME, key) for key in keys), JSON]
    answer = server.request(*route, headers, payload("hello") if route[0] == "POST" else None)
    if answer.status == 401:
        assert answer.json() == {"error": "Unauthorized", "detail": "Invalid API Key"}
        assert answer.header("WWW-Authenticate") == "APIKey"
    return answer.status


@pytest.mark.clause("keys.list")
def test_each_key_is_let_in(server: Subject, second_key: str) -> None:
    """Each of the keys in the list is let in."""
    assert [_status(server, server.key), _status(server, second_key)] == [200, 200]


@pytest.mark.clause("errors.unauthorized", "keys.refused")
@pytest.mark.parametrize("route", PROTECTED, ids=" ".join)
def test_no_key(server: Subject, route: tuple[str, str]) -> None:
    """Without a key, and with a wrong one, every protected route is 401 in the same words."""
    assert _status(server, route=route) == 401
    assert _status(server, "wrong", route=route) == 401


@pytest.mark.clause("keys.refused", "keys.list")
def test_wrong_keys(server: Subject) -> None:
    """What is only like a key is none: empty, a part, longer, other letters, two joined, the whole list."""
    key = server.key
    joined = f"{key},{server.second_key}"
    wrong = ["", " ", ",", key[:-1], key + "x", key + ",", "," + key, key.swapcase(), f"{key} {key}", joined]
    assert [value for value in wrong if _status(server, value) != 401] == []


@pytest.mark.clause("keys.refused")
@pytest.mark.parametrize("value", ["\xe9", "\xff\xfe", "Ã©"], ids=["latin-1", "bytes", "utf-8"])
def test_keys_outside_ascii(server: Subject, value: str) -> None:
    """A key of bytes outside ASCII is 401 and no failure, alone and after a valid key."""
    assert [_status(server, value), _status(server, server.key + value)] == [401, 401]


@pytest.mark.clause("keys.space")
@pytest.mark.parametrize("form", [" {} ", "   {}", "{}\t", "\t{}  \t "], ids=repr)
def test_space_around(server: Subject, form: str) -> None:
    """Spaces and tabs around the value are no part of the key."""
    assert _status(server, form.format(server.key)) == 200


@pytest.mark.clause("keys.space")
def test_header_name_in_any_case(server: Subject) -> None:
    """A header's name has no letter case."""
    answer = server.request("POST", "/chat", [("x-aPI-kEY", server.key), JSON], payload("hello"))
    assert answer.status == 200


@pytest.mark.clause("keys.twice")
def test_twice(server: Subject, second_key: str) -> None:
    """The header sent twice is 401, with whatever values."""
    key = server.key
    pairs = [(key, key), (key, "wrong"), ("wrong", key), (key, second_key), (key, ""), ("", key)]
    assert [pair for pair in pairs if _status(server, *pair) != 401] == []


@pytest.mark.clause("keys.refused")
def test_key_elsewhere(server: Subject) -> None:
    """A key in the query, in a cookie or as a bearer is no key."""
    places = [("Authorization", f"Bearer {server.key}"), ("Cookie", f"X-API-Key={server.key}")]
    for header in places:
        assert server.request("GET", f"/sessions/a?X-API-Key={server.key}", [header]).status == 401


@pytest.mark.profile("keyless")
@pytest.mark.clause("keys.none")
@pytest.mark.parametrize("route", PROTECTED, ids=" ".join)
def test_no_key_configured(server: Subject, route: tuple[str, str]) -> None:
    """With no key configured nobody is let in: not without a key, not with an empty one, not with any."""
    assert [_status(server, *keys, route=route) for keys in ((), ("",), (" ",), ("x",))] == [401] * 4
    assert server.request("GET", "/health").status == 200


@pytest.mark.profile("keyless")
@pytest.mark.clause("keys.none-warned")
def test_no_key_warns(server: Subject) -> None:
    """With no key configured the log warns at the start and names the setting."""
    poll(lambda: "VALID_API_KEYS" in server.log_text(), 5, "warning about VALID_API_KEYS")


@pytest.mark.clause("keys.none-warned")
def test_keys_warn_not(server: Subject) -> None:
    """With keys configured there is no such warning."""
    assert "VALID_API_KEYS" not in server.log_text()
