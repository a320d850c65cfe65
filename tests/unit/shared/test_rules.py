"""The small pure rules of requests and of the process: errors, keys, bodies, request ids, the drain, settings.

Neighbour: `test_stream_rules` (those of a stream).
"""

import os
from collections.abc import Callable

import pytest

from shared.body import check_media_type, parse_object
from shared.drain import LAST_WORDS, QUIET, Drain
from shared.errors import (
    TABLE,
    ApiError,
    InvalidBody,
    InvalidKey,
    ModelTimeout,
    StoreUnavailable,
    Unavailable,
    UnsupportedMediaType,
    method_not_allowed,
    problem,
)
from shared.keys import Keys
from shared.log import request_id
from shared.settings import ConfigurationError, from_environment


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
def test_every_error_has_its_words(kind: type[Exception]) -> None:
    """Each row of the table is found again from an exception of its kind."""
    told = problem(kind())
    assert (told.status, told.body.error) == (TABLE[kind].status, TABLE[kind].title)
    assert told.body.detail


def test_every_error_is_an_api_error_or_unexpected() -> None:
    """The table names no foreign exceptions."""
    assert all(issubclass(kind, ApiError) for kind in TABLE if kind is not Exception)
    assert problem(StoreUnavailable()).headers["Retry-After"]


def test_an_unexpected_exception_says_nothing() -> None:
    """Of an exception that nobody expected, no word reaches the client."""
    assert "secret" not in problem(ValueError("secret")).body.model_dump_json()


def test_the_nearest_ancestor_counts() -> None:
    """A kind that the table does not name is told as its nearest ancestor, with its own detail."""

    class Slower(ModelTimeout):
        pass

    assert problem(Slower("much")).status == 504
    assert problem(Slower("much")).body.detail == "much"


def test_allow_is_sorted_and_has_head() -> None:
    """HEAD goes with GET, OPTIONS is left out."""
    assert problem(method_not_allowed(["OPTIONS", "GET", "DELETE"])).headers["Allow"] == "DELETE, GET, HEAD"


@pytest.mark.parametrize(
    "header",
    [[], [""], ["k1", "k1"], ["K1"], ["k1,"], ["k1 k2"], ["k"], ["cl\xe9"]],
    ids=["none", "empty", "twice", "case", "comma", "two", "prefix", "latin-1"],
)
def test_what_is_no_key(header: list[str]) -> None:
    """Anything but exactly one value that is a key is refused."""
    with pytest.raises(InvalidKey):
        Keys(["k1", "k2", "clé"]).owner(header)


def test_keys() -> None:
    """A key is known by its hash, white space around it is no part of it, and non-ASCII ones come as UTF-8."""
    keys = Keys(["k1", "clé"])
    assert keys.owner([" k1\t"]) == keys.owner(["k1"])
    assert "k1" not in keys.owner(["k1"])
    assert keys.owner(["clé".encode().decode("latin-1")]) != keys.owner(["k1"])


def test_no_key_configured_lets_nobody_in() -> None:
    """An empty list of keys accepts nothing, the empty key included."""
    with pytest.raises(InvalidKey):
        Keys([]).owner([""])


@pytest.mark.parametrize("value", ["application/json", "Application/JSON; charset=utf-8", " application/json ;a=b"])
def test_json_media_types(value: str) -> None:
    """Case, white space and parameters do not matter."""
    check_media_type(value)


@pytest.mark.parametrize("value", [None, "", "text/plain", "application/problem+json", "application/jsonx"])
def test_other_media_types(value: str | None) -> None:
    """Anything else is refused, no media type at all too."""
    with pytest.raises(UnsupportedMediaType):
        check_media_type(value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}{}",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b"[" * 1000 + b"]" * 1000,
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
    ],
    ids=["empty", "cut", "two", "bom", "utf-16", "utf-8", "surrogate", "deep", "digits", "nan", "infinity"],
)
def test_malformed_bodies(body: bytes) -> None:
    """All that is no JSON by RFC 8259 is one entry, `json_invalid`, always in the same words."""
    with pytest.raises(InvalidBody) as raised:
        parse_object(body)
    with pytest.raises(InvalidBody) as reference:
        parse_object(b"no JSON")
    assert raised.value.detail == reference.value.detail


def test_well_formed_bodies() -> None:
    """The last of duplicate keys wins, and 100 levels are taken."""
    assert parse_object(b'{"a":1,"a":2}') == {"a": 2}
    assert parse_object(b'{"a":' + b"[" * 99 + b"]" * 99 + b"}")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"{}"', b"1"])
def test_what_is_no_object(body: bytes) -> None:
    """JSON that is no object is not `json_invalid`, but refused all the same."""
    with pytest.raises(InvalidBody) as raised:
        parse_object(body)
    assert raised.value.detail[0].type == "dict_type"  # type: ignore[index, union-attr]  # a list, as raised


@pytest.mark.parametrize("sent", ["a", "A-z_0.9", "x" * 64])
def test_request_ids_that_are_kept(sent: str) -> None:
    """A harmless id is the client's own."""
    assert request_id([sent]) == sent


@pytest.mark.parametrize("sent", [[], ["a", "a"], [""], ["x" * 65], ["a b"], ["a\n"], ["é"]])
def test_request_ids_that_are_replaced(sent: list[str]) -> None:
    """Any other gets a new one."""
    assert request_id(sent) not in ("", *sent)


def test_the_drain() -> None:
    """Draining refuses new work at once, expires after the grace, and is done when nothing has come for a moment."""
    now = [0.0]
    drain = Drain(10.0, lambda: now[0])
    drain.enter()
    drain.admit()
    assert (drain.draining, drain.expired, drain.done, drain.health().status_code) == (False, False, False, 200)
    drain.start()
    with pytest.raises(Unavailable):
        drain.admit()
    assert (drain.expired, drain.done, drain.health().status_code) == (False, False, 503)
    now[0] = 10.0
    assert (drain.expired, drain.done) == (True, False)
    now[0] += LAST_WORDS
    assert drain.done
    now[0] = 1.0
    drain.leave()
    assert not drain.done
    now[0] += QUIET
    assert drain.done
    drain.enter()
    drain.leave()
    assert not drain.done


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set variables in an environment that has no other."""
    for name in list(os.environ):
        monkeypatch.delenv(name)

    def put(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


def test_settings_have_defaults_that_work(environment: Callable[..., None]) -> None:
    """An empty environment gives the contract's defaults."""
    environment()
    settings = from_environment()
    assert (settings.max_body_bytes, settings.stream_heartbeat, settings.drain_seconds) == (65536, 15.0, 10.0)
    assert (settings.session_max_messages, settings.session_ttl, settings.max_streams) == (100, 86400.0, None)
    assert settings.valid_api_keys == ()
    assert settings.allowed_origins == ("*",)


def test_lists_are_comma_separated(environment: Callable[..., None]) -> None:
    """Blanks are ignored, in keys and origins."""
    environment(VALID_API_KEYS=" key-a, ,key-b,", ALLOWED_ORIGINS="https://a.example, https://b.example")
    settings = from_environment()
    assert settings.valid_api_keys == ("key-a", "key-b")
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert "key-a" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_BODY_BYTES", "abc"),
        ("MAX_STREAMS", "-1"),
        ("MODEL_TIMEOUT", "inf"),
        ("STREAM_HEARTBEAT", "nan"),
        ("SCRIPTED_FAULTS", "perhaps"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_setting_is_told_with_its_cure(environment: Callable[..., None], name: str, value: str) -> None:
    """One sentence names the variable, its value and what to do."""
    environment(**{name: value})
    with pytest.raises(ConfigurationError, match=f"{name}='{value}' cannot be used: .*; set another value"):
        from_environment()
