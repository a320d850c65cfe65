"""Runs the conformance suite in a process of its own, and returns what it has recorded.

Rule: the suite grades each case and records it; here nothing is judged. A run that did not judge (no case, broken
off) is a `UserError` and never a pass. Whatever way it ends, no server that it started is left.
Neighbours: `run` decides what it is run on, `records` reads what is left of it.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

from loadtests.errors import UserError
from loadtests.serve import ROOT, RUN_MARK, tree
from loadtests.signals import heard_once
from loadtests.verify import records
from loadtests.verify.records import Record

SUITE = ROOT / "tests" / "conformance"
FOLDERS = (SUITE, ROOT / "tests" / "known_differences")
LOG = "pytest.log"
BROKEN_OFF = "broken-off.txt"  # written by tests/conformance/patience.py
# What else is installed for pytest has no say in what passes, and would cost a second for each process.
ALONE = MappingProxyType({"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""})
# The mutants are tried with the same words; -n is added where one process is not enough.
PYTEST = (
    *(sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider"),
    *("-q", "--no-header", "--tb=short", "-o", "addopts="),
)
# The cases mostly wait, so more processes than cores; each server's cases stay together in one of them.
PROCESSES = 4


@dataclass(frozen=True)
class Chosen:
    """Which cases: those of these clauses (none: all) that match pytest's -k expression (empty: all)."""

    clauses: tuple[str, ...] = ()
    expression: str = ""

    @property
    def whole(self) -> bool:
        """The whole suite; only its run can be a pass."""
        return not self.clauses and not self.expression

    def options(self) -> list[str]:
        """The words for pytest."""
        chosen = [word for clause in self.clauses for word in ("--clause", clause)]
        return chosen + (["-k", self.expression] if self.expression else [])

    def __str__(self) -> str:
        return " ".join(f"{word!r}" if " " in word else word for word in self.options())


WHOLE = Chosen()


def run_suite(options: Sequence[str], folder: Path, chosen: Chosen = WHOLE, *, show: bool) -> tuple[Record, ...]:
    """Run the suite with pytest's `options`, keep its output in `folder`, return the records.

    `show`: pytest's progress goes to the terminal as well, and not only to `folder`/pytest.log. Ctrl-C is answered at
    once, and said to be done when nothing of the run is left; pressed again in between it changes nothing.
    """
    if not SUITE.is_dir():
        raise UserError(f"there is no suite at {SUITE}; run parity from a checkout of the kit")
    with heard_once():
        try:
            return _recorded(options, folder / LOG, chosen, show=show)
        except (KeyboardInterrupt, SystemExit):
            _say("stopped; no server is left, and nothing was judged")
            raise


def _recorded(options: Sequence[str], log: Path, chosen: Chosen, *, show: bool) -> tuple[Record, ...]:
    with tempfile.TemporaryDirectory(prefix="parity-records-", ignore_cleanup_errors=True) as name:
        recorded, report = Path(name, "records"), Path(name, "pytest.xml")
        recorded.mkdir()
        command = [*_pytest(recorded, report), *options, *chosen.options()]
        code = _run(command, log, show=show)
        if (broken_off := recorded / BROKEN_OFF).is_file():
            raise UserError(f"{broken_off.read_text('utf-8')} (the suite was broken off; its output is {log})")
        if code == 5:
            raise UserError(f"no case matches {chosen}; give another" if not chosen.whole else "the suite has no case")
        if code not in (0, 1) or not report.is_file():
            raise UserError(f"the suite could not run (pytest's exit code {code}); its output is {log}:{_end_of(log)}")
        found = records.read(recorded, report)
    if not found:
        raise UserError(f"the suite ran and recorded nothing; its output is {log}:{_end_of(log)}")
    return found


def clauses() -> Mapping[str, str]:
    """Return the suite's clauses: id -> the promise in one sentence, in order."""
    groups = tomllib.loads((SUITE / "clauses.toml").read_text("utf-8"))
    found = {f"{group}.{name}": text for group, texts in groups.items() for name, text in texts.items()}
    return MappingProxyType(found)


def known_clauses(names: Sequence[str]) -> None:
    """Refuse a name that is no clause, with those of its group or the groups there are."""
    for name in names:
        if name not in clauses():
            group = name.partition(".")[0]
            near = [clause for clause in clauses() if clause.partition(".")[0] == group]
            choice = ", ".join(near or dict.fromkeys(clause.partition(".")[0] + ".…" for clause in clauses()))
            raise UserError(f"there is no clause {name!r}; choose from: {choice}")


def known_expression(expression: str) -> None:
    """Refuse a -k expression that pytest cannot read; xdist would answer it with a traceback for each process.

    pytest itself is asked, with a case that is none: what reads an expression is not in its public interface.
    """
    if not expression:
        return
    with tempfile.TemporaryDirectory(prefix="parity-") as name:
        case = Path(name, "test_it.py")
        case.write_text("def test_it(): ...\n", "utf-8")
        command = [*PYTEST, "--collect-only", "-k", expression, f"--rootdir={name}", str(case)]
        done = subprocess.run(  # noqa: S603 - pytest, which runs nothing here
            command, cwd=name, env={**os.environ, **ALONE}, capture_output=True, text=True, check=False
        )
    if done.returncode not in (0, 5):
        said = done.stderr.rpartition("ERROR: ")[2].strip().splitlines()
        why = said[0].rpartition(f"{expression}: ")[2] if said else "pytest cannot read it"
        raise UserError(
            f"-k {expression!r} is no expression ({why}); write parts of names with and, or, not and brackets, for "
            "example -k 'stream and not (log or size)'"
        )


def _pytest(recorded: Path, report: Path) -> list[str]:
    shared = ["-n", str(PROCESSES), "--dist", "loadgroup", f"--junit-xml={report}", "--record", str(recorded)]
    # -rfE: the skips are in the page, not in the terminal
    return [*PYTEST, *map(str, FOLDERS), "-rfE", *shared]


def _end_of(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines()[-5:]
    return "".join(f"\n  | {line}" for line in lines)


def _run(command: list[str], log: Path, *, show: bool) -> int:
    """Run pytest to its end; an interrupt is passed on once, then nothing of it is left."""
    mark = secrets.token_hex(8)
    with log.open("wb") as output:
        try:
            with subprocess.Popen(  # noqa: S603 - pytest, with options that were checked
                command,
                cwd=ROOT,
                env={**os.environ, **ALONE, RUN_MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to pass on: pytest ends its servers itself
            ) as process:
                return _followed(process, output, show=show)
        finally:
            # An interrupted worker of pytest can leave a server that is nobody's child; its environment has our mark.
            tree.kill(tree.marked(RUN_MARK, mark))


def _followed(process: "subprocess.Popen[bytes]", output: IO[bytes], *, show: bool) -> int:
    """Keep what it prints, and return its exit code; whatever ends this ends it."""
    try:
        for shown in progress(_kept(process, output)):
            if show:
                sys.stdout.buffer.write(shown)
                sys.stdout.flush()
        return process.wait()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            _say("\nstopping; the servers are being ended")
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=10)  # reads on: who waits to be read does not end
        except subprocess.TimeoutExpired:
            tree.kill(tree.members(process.pid))
        raise


def _kept(process: "subprocess.Popen[bytes]", output: IO[bytes]) -> Iterator[bytes]:
    assert process.stdout is not None
    while chunk := process.stdout.read1():  # type: ignore[attr-defined]  # a BufferedReader
        output.write(chunk)
        yield chunk


def progress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What pytest prints up to its first headline: no tracebacks, since what is wrong is told in our words."""
    before, telling = b"\n", True
    for chunk in chunks:
        told, headline, _ = (before + chunk).partition(b"\n=")
        if telling:
            yield (told + headline[:1])[len(before) :]
        before, telling = chunk[-1:], telling and not headline


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # a terminal that is gone
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - said at once, whatever the caller shows
