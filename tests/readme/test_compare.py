"""A comparison, played: real servers, real load, a real report; the smallest that is one.

Rule: `parity compare` refuses to load what has not passed the whole suite, and a whole suite cannot run inside
itself. So the same function is called with a verification by some of the suite's cases; nothing is remembered as
a pass, and all that follows is the real thing, but for the generator's ceiling, which no machine that is busy with
other tests has: it is a made-up one, far away.
"""

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import compare, results
from loadtests.compare import CompareOptions, Parts
from loadtests.targets import Target
from loadtests.verify import Chosen, VerifyOutcome, verify_targets
from tests.unit.loadtests.fake_bench import CEILING

TARGETS = ("fastapi-uvicorn", "flask-gevent")


@pytest.mark.timeout(300)  # a minute of load, and more beside other tests
def test_a_small_comparison(tmp_path: Path) -> None:
    """Two targets pass, every round of the plan is played on real servers, and the run's folder holds the report."""

    def verify(targets: Sequence[Target], _console: Console) -> Mapping[str, VerifyOutcome]:
        found = verify_targets(targets, tmp_path / "verify", Chosen(clauses=("routes.health",)), show=False)
        counts = {target.name: found.concerning(target.name) for target in targets}
        return {name: VerifyOutcome(name, count, tmp_path / "index.html") for name, count in counts.items()}

    console = Console(file=StringIO(), width=120)
    options = CompareOptions(targets=TARGETS, only=("docs",), results=tmp_path / "results")
    code = compare.compare(options, console, Parts(verify=verify, calibrate=lambda _console: CEILING))
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    folders = list((tmp_path / "results").iterdir())
    assert len(folders) == 1, shown
    run = results.load(folders[0])
    assert [done.target for done in run.rounds] == [planned.target for planned in run.plan.rounds]
    for done in run.rounds:
        assert done.precheck.problems == ()
        assert len(done.drives) == 1, done.reasons  # a machine that is busy with other tests may refuse the round
    assert code == int(not any(done.good for done in run.rounds)), shown
    assert (run.folder / "report.html").is_file()
    assert "report.html" in shown
