"""X-Request-ID: the client's own where it can be used, a new one otherwise, on every response."""

import re

import pytest

from tests.conformance.requests import ERRORS, FAULTS, SUCCESSES, Case
from tests.conformance.subject import Subject, fresh

NAME = "X-Request-ID"
GOOD = ("a", "A.b_c-9", "-", "...", "0" * 64)
BAD = ("", "0" * 65, "a b", "a/b", "a:b", "a,b", "\xe9", "a;b", '"a"', "{}", "a%0ab", "<b>")
FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")


@pytest.mark.clause("request-id.echo")
@pytest.mark.parametrize("value", GOOD, ids=lambda value: value[:8])
def test_echo(server: Subject, value: str) -> None:
    """An id of the allowed form comes back."""
    assert server.get("/health", (NAME, value)).header(NAME) == value


@pytest.mark.clause("request-id.echo")
def test_echo_without_its_surrounding_space(server: Subject) -> None:
    """White space around a header's value is no part of it."""
    assert server.get("/health", (NAME, "  abc \t")).header(NAME) == "abc"


@pytest.mark.clause("request-id.replaced")
@pytest.mark.parametrize("value", BAD, ids=lambda value: ascii(value)[:12])
def test_replaced(server: Subject, value: str) -> None:
    """An id of any other form is replaced by a new one, and that by another next time."""
    first, second = (server.get("/health", (NAME, value)).header(NAME) for _ in range(2))
    assert first
    assert FORM.fullmatch(first)
    assert len({first, second, value}) == 3


@pytest.mark.clause("request-id.replaced")
@pytest.mark.parametrize("second", ["abc", "xyz", ""], ids=["same", "other", "empty"])
def test_twice(server: Subject, second: str) -> None:
    """An id that came twice, even the same one, is replaced."""
    given = server.get("/health", (NAME, "abc"), (NAME.lower(), second)).header(NAME)
    assert given
    assert given not in {"abc", "xyz", "abc,abc", "abc, abc"}
    assert FORM.fullmatch(given)


@pytest.mark.clause("request-id.everywhere")
@pytest.mark.parametrize("case", [*SUCCESSES, *ERRORS], ids=lambda case: case.id)
def test_on_every_response(server: Subject, case: Case) -> None:
    """Every response has exactly one id, and it is the client's."""
    name = fresh("id")
    answer = case.send(server, (NAME, name))
    assert (answer.status, answer.all(NAME)) == (case.status, [name])


@pytest.mark.profile("faults")
@pytest.mark.clause("request-id.everywhere")
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.id)
def test_on_failures(server: Subject, case: Case) -> None:
    """Failures have the id too, the unexpected one included."""
    name = fresh("id")
    answer = case.send(server, (NAME, name))
    assert (answer.status, answer.all(NAME)) == (case.status, [name])
