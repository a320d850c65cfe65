"""Runs the conformance suite in a process of its own, and reads what came out of it.

Rule: pytest decides what passed; here its JUnit file becomes values. A run that did not judge (no case,
broken off) is a `UserError` and never a pass. Whatever way it ends, no server that it started is left.
Neighbours: `verify` decides which run is needed, `verify_page` shows it.
"""

import os
import secrets
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from xml.etree import ElementTree as ET

from loadtests.errors import UserError
from loadtests.serve import ROOT, RUN_MARK, tree

SUITE = ROOT / "tests" / "conformance"
# The cases mostly wait, so more processes than cores; each server's cases stay together in one of them.
PROCESSES = 4
Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Case:
    """One case against one subject: a target, a pair that is compared ("a~b"), "url", or "" for none."""

    name: str
    subject: str
    clauses: tuple[str, ...]
    outcome: Outcome
    message: str
    seconds: float

    def concerns(self, target: str) -> bool:
        """Tell whether it counts for this target: alone, in a pair, or as a failure that is nobody's own."""
        return target in self.subject.split("~") or self._everyones

    def judges(self, subject: str) -> bool:
        """Tell whether it counts for exactly this target or pair."""
        return self.subject == subject or self._everyones

    @property
    def _everyones(self) -> bool:
        """A file of cases that cannot even be read has no subject, and takes the pass from all."""
        return self.outcome == "failed" and not self.subject


@dataclass(frozen=True)
class Count:
    """How many cases ended which way."""

    passed: int
    failed: int
    skipped: int


def count(cases: Iterable[Case]) -> Count:
    """Count the outcomes."""
    outcomes = [case.outcome for case in cases]
    return Count(outcomes.count("passed"), outcomes.count("failed"), outcomes.count("skipped"))


def run_suite(options: Sequence[str], folder: Path, *, expression: str = "", show: bool) -> tuple[Case, ...]:
    """Run the suite with pytest's `options`, keep its JUnit file and output in `folder`, return its cases.

    `show`: pytest's progress goes to the terminal as well, and not only to `folder`/pytest.log.
    """
    if not SUITE.is_dir():
        raise UserError(f"there is no suite at {SUITE}; run parity from a checkout of the kit")
    folder.mkdir(parents=True, exist_ok=True)
    junit, log = folder / "junit.xml", folder / "pytest.log"
    command = [*_pytest(junit), *options, *(["-k", expression] if expression else [])]
    code = _run(command, log, show=show)
    if code == 5:
        cure = f"no case matches -k {expression!r}; give another" if expression else "the suite has no case"
        raise UserError(cure)
    if code not in (0, 1) or not junit.is_file():
        lines = log.read_text("utf-8", errors="replace").splitlines()[-5:]
        quoted = "".join(f"\n  | {line}" for line in lines)
        raise UserError(f"the suite could not run (pytest's exit code {code}); its output is {log}:{quoted}")
    return read_junit(junit)


def read_junit(path: Path) -> tuple[Case, ...]:
    """Return the cases of a JUnit file, in the order they ran."""
    root = ET.parse(path).getroot()  # noqa: S314 - pytest wrote it a moment ago
    return tuple(_case(element) for element in root.iter("testcase"))


def clauses() -> Mapping[str, str]:
    """Return the suite's clauses: id -> the promise in one sentence, in order."""
    groups = tomllib.loads((SUITE / "clauses.toml").read_text("utf-8"))
    found = {f"{group}.{name}": text for group, texts in groups.items() for name, text in texts.items()}
    return MappingProxyType(found)


def _pytest(junit: Path) -> list[str]:
    # A process of ours has no use for the cache, and the skips are in the page, not in the terminal.
    plain = ["-q", "--no-header", "--tb=short", "-rfE", "-p", "no:cacheprovider", "-o", "addopts="]
    shared = ["-n", str(PROCESSES), "--dist", "loadgroup", f"--junit-xml={junit}"]
    return [sys.executable, "-m", "pytest", str(SUITE), *plain, *shared]


def _run(command: list[str], log: Path, *, show: bool) -> int:
    """Run pytest to its end; an interrupt is passed on once, then nothing of it is left."""
    mark = secrets.token_hex(8)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - pytest, with options that were checked
            command,
            cwd=ROOT,
            env={**os.environ, RUN_MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to pass on: pytest ends its servers itself
        )
        try:
            assert process.stdout is not None
            while chunk := process.stdout.read1():  # type: ignore[attr-defined]  # a BufferedReader
                output.write(chunk)
                if show:
                    sys.stdout.buffer.write(chunk)
                    sys.stdout.flush()
            return process.wait()
        except BaseException:
            process.send_signal(signal.SIGINT)
            raise
        finally:
            _end(process, mark)


def _end(process: "subprocess.Popen[bytes]", mark: str) -> None:
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    # An interrupted worker of pytest can leave a server that is nobody's child; its environment has our mark.
    tree.kill(tree.marked(RUN_MARK, mark))


def _case(element: ET.Element) -> Case:
    properties = [(item.get("name"), item.get("value", "")) for item in element.iter("property")]
    bad = [item for tag in ("failure", "error") for item in element.iter(tag)]
    skipped = element.find("skipped")
    outcome: Outcome = "failed" if bad else "passed" if skipped is None else "skipped"
    reason = "" if skipped is None else skipped.get("message", "")
    return Case(
        name=element.get("name", ""),
        subject=next((value for name, value in properties if name == "target"), ""),
        clauses=tuple(value for name, value in properties if name == "clause"),
        outcome=outcome,
        message="\n".join(item.text or item.get("message") or "" for item in bad) or reason,
        seconds=float(element.get("time", "0")),
    )
