"""`make`, looked at without doing it: running these targets here would run the whole suite inside itself."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.links import ROOT
from tests.readme.document import Command, of
from tests.readme.plans import parsed, planned
from tests.readme.typed import PROGRAMS, ran

# what the comment beside a command says -> what the recipe then must hold
SAID: Mapping[str, str] = MappingProxyType(
    {
        "set up": "pip install .*--editable",
        "from locked versions": "pip install .*--require-hashes",
        "into .venv": "-m venv .venv$",
        "verify, load, judge": "parity compare --quick",
        "the whole suite": r"pytest(?!.*(tests| -k| -m|--ignore))",
        "broken on purpose": "-m tests.mutants$",
        "50,000 generated requests to each": "-m tests.fuzz --requests 100000$",
        "style": "ruff check .$",
        "types": "mypy$",
        "walls": "lint-imports$",
        "dead links": "-m tests.links$",
    }
)
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


SUITE = """
from pathlib import Path

def test_sound():
    pass

def test_beside_others():
    once = Path(__file__).with_name("once")
    assert once.exists() or once.touch()

def test_broken():
    assert {sound}
"""


def recipe(command: Command) -> list[str]:
    """Every line that make would run, from an empty checkout, in order."""
    return ran(command, more="--dry-run --always-make").replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("command", of("make"), ids=lambda command: command.id)
def test_does_what_the_comment_says(command: Command) -> None:
    """For each thing that the comment says, the recipe has a line that does it."""
    lines = recipe(command)
    said = [pattern for phrase, pattern in SAID.items() if phrase in command.comment]
    assert said, f"teach tests/readme/test_make.py (SAID) how to run: {command.text}  # {command.comment}"
    for pattern in said:
        assert any(re.search(pattern, line) for line in lines), f"{pattern} is in none of {lines}"


@pytest.mark.parametrize("command", of("make"), ids=lambda command: command.id)
def test_its_tools_are_there(command: Command) -> None:
    """Each line of the recipe starts a program that setup installs, and the `parity` lines are understood."""
    for line in recipe(command):
        tool, *rest = shlex.split(line)
        if tool.startswith(".venv/bin/"):
            name = tool.removeprefix(".venv/bin/")
            assert (PROGRAMS / name).is_file(), line
            if name == "parity":
                assert parsed(("parity", *rest))


@pytest.mark.parametrize(
    "command", [found for found in of("make") if "minutes" in found.comment], ids=lambda found: found.id
)
def test_lasts_as_long_as_the_comment_says(command: Command) -> None:
    """The rounds of the comparison fit in the minutes that the comment gives it, with time left to verify."""
    minutes = re.search(r"about (\w+) minutes", command.comment)
    assert minutes
    lines = [shlex.split(line)[1:] for line in recipe(command) if "parity compare" in line]
    assert len(lines) == 1
    assert planned(("parity", *lines[0])).seconds < 60 * NUMBERS.index(minutes[1])


def test_pytest_understands_its_line(tmp_path: Path) -> None:
    """The options of `make test` are pytest's, or those of a plugin that is installed."""
    whole = "\n".join(line for command in of("make") for line in recipe(command))
    runs = re.findall(r"python (-m pytest[^|&;\n]*)", whole)
    assert len(runs) == 2  # four at a time, and alone
    nothing_failed = ("-o", f"cache_dir={tmp_path}", "--last-failed-no-failures=all")  # before, whatever has
    for words in map(shlex.split, runs):
        done = subprocess.run(
            [sys.executable, *words, "--collect-only", "--quiet", *nothing_failed, __file__],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "test_pytest_understands_its_line" in done.stdout


@pytest.mark.parametrize(
    ("suite", "code", "told"),
    [
        (SUITE.format(sound=True), 0, ("1 failed, 2 passed", "1 passed in")),
        (SUITE.format(sound=False), 2, ("2 failed, 1 passed", "1 failed, 1 passed in")),
        ("import nothing_of_this_name", 2, ("1 error", "1 error")),
    ],
    ids=["fails beside others", "fails alone", "no suite"],
)
def test_what_failed_beside_others_is_run_alone(suite: str, code: int, told: tuple[str, str], tmp_path: Path) -> None:
    """Once, and that decides; a suite that cannot be read fails both times."""
    (tmp_path / "test_it.py").write_text(suite)
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "test", "--old-file=setup"], cwd=tmp_path, capture_output=True, text=True, check=False, env=plain()
    )
    first, said, alone = done.stdout.partition("Four ran at a time on this machine")
    assert done.returncode == code, done.stdout + done.stderr
    assert told[0] in first
    assert told[1] in alone
    assert said


def plain() -> dict[str, str]:
    """The environment without what this test's own pytest has put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "MAKE", "MFLAGS"))}
