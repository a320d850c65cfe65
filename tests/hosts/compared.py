"""`parity compare`, the command itself, but for what comes before its load: a test asks here what a lost host costs.

Rule: only the gate and the look at what is fair are made up, since they play no host; options, load, servers, report
and exit code are the command's. Neighbours: `test_compared` starts it as a process, `compare` is what it runs.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from unittest.mock import patch

from rich.console import Console

from loadtests import compare as comparison
from loadtests.cli import main
from loadtests.parts import Parts
from loadtests.targets import Target
from loadtests.verify import VerifyOutcome
from loadtests.verify.grades import Count

PAGE = Path("page/index.html")


def passed(targets: Sequence[Target], _console: Console) -> Mapping[str, VerifyOutcome]:
    """As if the suite had run."""
    names = (target.name for target in targets)
    return {name: VerifyOutcome(name, Count(identical=1), PAGE, "never", "", "a test of the load") for name in names}


if __name__ == "__main__":
    parts = Parts(verify=passed, fair=lambda *_: None)
    with patch.object(comparison, "compare", partial(comparison.compare, parts=parts)):
        main()
