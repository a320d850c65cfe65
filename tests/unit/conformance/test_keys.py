"""The one promise about keys that cannot be seen from outside: the comparison takes the same time for all."""

import hmac
from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import InvalidKey
from shared.keys import Keys


@pytest.mark.clause("keys.constant-time")
@pytest.mark.parametrize("sent", ["first", "second", "wrong", ""])
def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    """Whichever key comes, it is compared with every key there is, each time by `hmac.compare_digest`."""
    compared: list[bytes] = []
    real: Callable[[Any, Any], bool] = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return real(one, other)

    keys = Keys(["first", "second"])
    monkeypatch.setattr(hmac, "compare_digest", spy)
    try:
        keys.owner([sent])
    except InvalidKey:
        assert sent not in {"first", "second"}
    assert compared == [b"first", b"second"]
