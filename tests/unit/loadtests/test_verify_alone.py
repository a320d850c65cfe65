"""The command that runs one case alone is run, as it is printed."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from loadtests.serve import ROOT, running
from loadtests.targets import Target, load_targets, pick, to_toml
from loadtests.verify import alone
from loadtests.verify.records import Exchange
from loadtests.verify.results import About, Results, gather
from tests.unit.loadtests.recorded import NAMES, PAIR, record, results

CASES = "tests/conformance/test_cases.py"
OWN = pick(load_targets(), NAMES)[0].model_copy(update={"name": "my-server"})


def command(found: Results, file: str = "") -> str:
    """The command for the only outcome."""
    ((_, outcome),) = found.outcomes()
    return alone.command(found, outcome, file)


def passes(printed: str) -> None:
    """Run it in the kit's folder: exactly one case is run, and it passes."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    words = shlex.split(printed)
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    ("test", "subject"), [("test_alone", NAMES[0]), ("test_twins", PAIR), ("test_twins_of_a_page", PAIR)]
)
def test_a_case_of_the_kits_own(test: str, subject: str) -> None:
    """Of one server, and of two that are compared."""
    passes(command(results(record("x", subject, node=f"{CASES}::{test}[{subject}-routes.health]"))))


def test_a_case_of_a_target_of_the_users(tmp_path: Path) -> None:
    """Its entry is in the file beside the page."""
    (tmp_path / alone.TARGETS).write_text(to_toml([OWN]), "utf-8")
    file = alone.targets_file(tmp_path, anywhere=True)
    found = gather([record("x", OWN.name, node=f"{CASES}::test_alone[{OWN.name}-routes.health]")], About([OWN]))
    passes(command(found, file))


def test_a_case_of_a_url(tmp_path: Path) -> None:
    """With the keys in the place of the words that stand for them; the second only where it was sent."""
    (target,) = pick(load_targets(), [NAMES[0]])
    found = gather([record("x", "url", node=f"{CASES}::test_alone[url-routes.health]")], About(url="http://x"))
    assert command(found).endswith("--url http://x --key KEY")
    with running(target, log=tmp_path / "log") as server:
        passes(command(found).replace("http://x", server.url).replace("KEY", shlex.quote(server.key)))
    sent = (Exchange(server="url", sent="X-API-Key: (second-key)", answer=""),)
    found = gather([record("x", "url", exchanges=sent)], About(url="http://x"))
    assert command(found).endswith("--key KEY --second-key SECOND_KEY")


def test_a_failure_without_a_server() -> None:
    """A file of cases that cannot be read is run by its name."""
    assert command(results(record("x", "", node="tests/a.py"))) == ".venv/bin/python -m pytest tests/a.py"


@pytest.mark.parametrize(("targets", "named"), [(pick(load_targets(), NAMES), False), ((OWN,), True)])
def test_the_file_of_targets(targets: tuple[Target, ...], named: bool, tmp_path: Path) -> None:
    """It is named only where the kit does not know the targets; in what is kept without a path of this machine."""
    assert alone.targets_file(tmp_path) == ""
    (tmp_path / alone.TARGETS).write_text(to_toml(targets), "utf-8")
    said = str(tmp_path / alone.TARGETS)
    assert alone.targets_file(tmp_path, anywhere=True) == (said if named else "")
    assert alone.targets_file(tmp_path) == ("targets.toml" if named else "")
    (tmp_path / alone.TARGETS).write_text("rubbish", "utf-8")  # of another run, where this one was of a URL
    assert alone.targets_file(tmp_path) == ""
