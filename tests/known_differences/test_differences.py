"""Pins both sides of every known difference, so that one that goes away, or grows, is noticed."""

import pytest

from tests.conformance.subject import Subject
from tests.known_differences.table import DIFFERENCES, Difference


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.id)
def test_difference(twins: tuple[Subject, Subject], difference: Difference) -> None:
    """Each server answers as the table says."""
    for subject in twins:
        program = subject.server.partition(" ")[0]
        if program not in difference.answers:
            pytest.skip(f"not applicable: the table says nothing about {program}")
        answer = subject.raw(difference.raw(subject.key), method="GET")
        assert answer.status == difference.answers[program], (subject.name, answer)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.id)
def test_refusals_are_the_servers_own(twins: tuple[Subject, Subject], difference: Difference) -> None:
    """Where the app has answered there is a request id; a refusal by the server program has none."""
    for subject in twins:
        answer = subject.raw(difference.raw(subject.key), method="GET")
        assert (answer.header("X-Request-ID") is not None) == (answer.status in {200, 401, 404, 405, 422}), subject.name
