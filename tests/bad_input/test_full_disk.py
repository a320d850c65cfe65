"""A disk that fills up: said in a sentence, and every round that was stored before is there and can be reported."""

from __future__ import annotations

import errno
import io
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import files, report, results
from loadtests.diff import DiffOptions, diff
from loadtests.errors import UserError
from tests.bad_input.test_interrupted import MADE, comparing
from tests.links import ROOT
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import FakeBench
from tests.unit.loadtests.test_cli import ENTRY, FAKE
from tests.unit.loadtests.test_compare import play


def full_after(count: int) -> Callable[[Path, str], None]:
    """A disk with room for so many files."""
    left, write = [count], files._replace

    def replace(path: Path, text: str) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= 1
        write(path, text)

    return replace


def here(root: Path) -> set[str]:
    """Every file below, without the folder of the run."""
    return {str(path.relative_to(next(root.iterdir()))) for path in root.rglob("*") if path.is_file()}


# plan, environment, hand counts, gate and calibration are five files, then sixteen rounds, the ending and the report
@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 20, 21, 22, 23, 24])
def test_full_at_the_nth_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Whichever file has no room: a sentence with the cure, as many files as there was room for, none of them half."""
    with monkeypatch.context() as patch:
        patch.setattr(files, "_replace", full_after(count))
        bench = FakeBench()
        if count < 25:
            with pytest.raises(UserError) as error:
                play(tmp_path, bench.parts())
    said = str(error.value)
    assert "No space left on device; make room or choose another place with --out" in said
    assert "\n" not in said
    assert bench.up == 0
    written = {name for name in here(tmp_path) if not name.startswith("logs/")}
    assert len(written) == count
    rounds = sum(name.startswith("rounds/") for name in written)
    assert rounds == min(16, max(0, count - 5))
    if rounds:
        folder = next(tmp_path.iterdir())
        assert f"{rounds} rounds are kept; `parity report {folder}` makes their report" in said
        assert report.report(folder, Console(file=io.StringIO())) == 0
        assert here(tmp_path) >= MADE


def test_a_report_that_has_no_room_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is half-written over what was whole, and the rounds are not touched."""
    run = made_up.a_run(tmp_path, made_up.plan(only=("docs",)))
    report.write(run)
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(files, "_replace", full_after(1))
    with pytest.raises(UserError, match=r"cannot write .*report\.html: No space left on device; make room"):
        report.report(run.folder, Console(file=io.StringIO()))
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


def small_files() -> None:
    """In the child: no file grows beyond this; writing more fails, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))


def test_a_real_limit_on_a_real_command(tmp_path: Path) -> None:
    """`parity report` where a file of this size cannot be written: exit code 2, one line, no half of a file."""
    run = made_up.a_run(tmp_path, made_up.plan(only=("docs",)))
    before = {path for path in run.folder.rglob("*") if path.is_file()}
    done = subprocess.run(
        [sys.executable, "-c", "from loadtests.cli import main; main()", "report", str(run.folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        preexec_fn=small_files,
    )
    assert done.returncode == 2, done
    assert done.stderr == (
        f"parity: cannot write {run.folder}/verdict.json: File too large; make room or choose another place with "
        "--out. What was stored before is kept\n"
    )
    assert {path for path in run.folder.rglob("*") if path.is_file()} == before


def test_a_real_limit_in_the_middle_of_a_run(tmp_path: Path) -> None:
    """The fourth round is too much: three are kept and reported as far as there is room, and no process is left."""
    path = tmp_path / "targets.toml"
    path.write_text("".join(ENTRY.format(name=name, fake=FAKE, options="") for name in ("one", "two")))
    with comparing(tmp_path, "fake", "one", "two", "--targets", str(path), "--only", "docs") as command:
        command.until("round 3 of ")
        resource.prlimit(command.process.pid, resource.RLIMIT_FSIZE, (2_000, 2_000))
        code, run = command.ended(), command.kept()
        assert code == 2, command.said
        assert run is not None
        assert 3 <= len(run.rounds) < len(run.plan.rounds)
        (line,) = [line for line in command.said.splitlines() if line.startswith("parity: ")]
        assert "File too large" in line
        assert "make room or choose another place with --out" in line
        assert f"{len(run.rounds)} rounds are kept; `parity report {run.folder}` makes their report" in line
        assert report.report(run.folder, Console(file=io.StringIO())) == 0


def test_a_diff_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The device that is always full."""
    run = made_up.a_run(tmp_path, made_up.plan(only=("docs",)))
    for options in (
        DiffOptions(run.folder, run.folder, json=Path("/dev/full")),
        DiffOptions(run.folder, run.folder, markdown=Path("/dev/full")),
    ):
        with pytest.raises(UserError, match="cannot write /dev/full: No space left on device; name another file"):
            diff(options, Console(file=io.StringIO()))
    assert results.load(run.folder).rounds
