"""`parity` with parts that need no suite and no minutes: `python -m tests.bad_input.played fake|real compare ...`.

Rule: the command, its signals, its files and its servers are the real ones. `fake` replaces the look at a server and
the drive (by a real process that only waits), `real` replaces neither; in both every target has passed already, and
the generator's ceiling is known. Neighbours: the tests beside it start it as a process.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from rich.console import Console

from loadtests import cli, compare
from loadtests.bench import Bench
from loadtests.compare import Parts
from loadtests.drive import DriveSpec, process
from loadtests.drive.result import DriveResult
from loadtests.measure.precheck import Precheck
from loadtests.plan import Level
from loadtests.targets import Target
from loadtests.verify import VerifyOutcome
from loadtests.verify.grades import Count
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import CEILING, PASSED

BEGUN = "begun"
SECONDS = "0.15"


def verify(targets: Sequence[Target], _console: Console) -> Mapping[str, VerifyOutcome]:
    """All of them have passed."""
    page = Path("page/index.html")
    return {t.name: VerifyOutcome(t.name, Count(identical=9), page, PASSED, "f" * 64, "") for t in targets}


def look(_url: str, _key: str, _settings: Mapping[str, str]) -> Precheck:
    """Nothing was wrong."""
    return Precheck(ttft=0.0, gap=0.0, documented=None, problems=())


def drive(spec: DriveSpec) -> DriveResult:
    """A process that waits, run as the generator is; then a made-up result."""
    with TemporaryDirectory(prefix="parity-drive-") as folder:
        process.run(["sleep", SECONDS], dict(os.environ), Path(folder, "log"), cpus=spec.cpus, limit=30)
    level = Level(users=spec.users, rate=spec.rate, seconds=spec.seconds, warmup=spec.warmup)
    return made_up.result(spec.scenario, level, 500.0)


PARTS = {
    "fake": Parts(verify, Bench(look=look, drive=drive), lambda _console: CEILING, fair=lambda *_: None),
    "real": Parts(verify, Bench(), lambda _console: CEILING, fair=lambda *_: None),
}


def main() -> None:
    """Play the rest of the command line with these parts."""
    kind = sys.argv.pop(1)
    faulthandler.register(signal.SIGUSR1, all_threads=True)  # where it hangs, if it does
    print(BEGUN, flush=True)  # noqa: T201 - the test waits for it
    with mock.patch.object(compare, "compare", partial(compare.compare, parts=PARTS[kind])):
        cli.main()


if __name__ == "__main__":
    main()
