"""Keys and the log: a server without any warns. Which keys are let in is said by the rows of `cases/keys.py`."""

import pytest

from tests.conformance.poll import poll
from tests.conformance.subject import Subject


@pytest.mark.profile("keyless")
@pytest.mark.clause("keys.none-warned")
def test_no_key_warns(server: Subject) -> None:
    """A server is started whose list of keys has only blanks.

    Expected: its log warns, and names the setting.
    """
    poll(lambda: "VALID_API_KEYS" in server.log_text(), 5, "warning about VALID_API_KEYS")


@pytest.mark.clause("keys.none-warned")
def test_keys_warn_not(server: Subject) -> None:
    """A server is started with keys.

    Expected: there is no such warning.
    """
    assert "VALID_API_KEYS" not in server.log_text()
