"""Each server's own document, held against both servers by Schemathesis, with all checks and all phases."""

from pathlib import Path

import pytest

from tests.conformance.subject import Subject
from tests.openapi.breaks import NEVER_APPLIES
from tests.openapi.run import PHASES, Task, play

EXAMPLES = 12
PLACES = ("first", "second")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("document", PLACES)
@pytest.mark.parametrize("under_test", PLACES)
def test_zero_findings(twins: tuple[Subject, Subject], document: str, under_test: str, tmp_path: Path) -> None:
    """Either server's document is true of either server: nothing is found, and every phase has sent requests."""
    served, tested = twins[PLACES.index(document)], twins[PLACES.index(under_test)]
    keys = (tested.key, str(tested.second_key))
    report = play(Task(f"{served.url}/openapi.json", tested.url, keys, EXAMPLES, seed=1), tmp_path, timeout=280)
    assert report.findings == ()
    assert set(report.requests) == set(PHASES)
    assert NEVER_APPLIES.keys() < report.checks.keys()
