"""Pins each class of known parser differences, live: it explains its samples, and its neighbours are no difference."""

import pytest

from tests.conformance.subject import Subject
from tests.fuzz.known import HALF_CLOSE, KNOWN, OVERTAKES
from tests.fuzz.pair import Pair
from tests.fuzz.samples import SAMPLES, Sample
from tests.known_differences.table import DIFFERENCES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_a_class_takes_its_samples(twins: tuple[Subject, Subject], sample: Sample) -> None:
    """The servers part at each sample, and this class, no other, says why."""
    with Pair(*twins) as pair:
        found = [pair.check(example) for example in sample.takes]
    assert [(checked.known, checked.parts) for checked in found] == [(sample.id, None)] * len(found)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_a_class_leaves_its_neighbours(twins: tuple[Subject, Subject], sample: Sample) -> None:
    """What is nearly such a request is no difference at all, so the class takes in no more than it must."""
    with Pair(*twins) as pair:
        found = [pair.check(example) for example in sample.leaves]
    assert [(checked.known, checked.parts) for checked in found] == [(None, None)] * len(found)


def test_every_class_has_samples() -> None:
    """Each class is pinned, and nothing is pinned that is no class."""
    assert {sample.id for sample in SAMPLES} == {known.id for known in KNOWN} | {HALF_CLOSE, OVERTAKES}


def test_every_class_is_a_known_difference() -> None:
    """What is not a find here is a row of the page that a reader sees, by the same id."""
    assert {sample.id for sample in SAMPLES} <= {row.id for row in DIFFERENCES}
