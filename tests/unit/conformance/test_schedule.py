"""Which server a case belongs to, read from its id."""

import pytest

from tests.conformance.schedule import server_in_id

NAMES = ("flask-gthread", "flask-gthread-4", "a~b")


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("test_x.py::test_x[flask-gthread]", "[flask-gthread"),
        ("test_x.py::test_x[flask-gthread-4xx]", "[flask-gthread"),
        ("test_x.py::test_x[flask-gthread-4-GET]", "[flask-gthread-4"),
        ("test_x.py::test_x[flask-gthread-4+faults-GET]", "[flask-gthread-4+faults"),
        ("test_x.py::test_x[a~b+origins]", "[a~b+origins"),
    ],
)
def test_server_in_id(case: str, expected: str) -> None:
    """The longest name wins, and the profile belongs to it."""
    found = server_in_id(NAMES).search(case)
    assert found
    assert found[0] == expected


def test_no_server_in_id() -> None:
    """A case without a server has none in its id."""
    assert server_in_id(NAMES).search("test_x.py::test_x[other-flask-gthread]") is None
