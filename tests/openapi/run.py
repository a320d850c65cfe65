"""Runs Schemathesis: one document against one server, in a process of its own, and reads what it reports.

Rule: it is started as a user would start it, with all checks and all phases; what it finds, what it warns of and
what it could not do are all findings here, so that zero means that everything was tried.
Neighbours: `schemathesis.toml` (its settings), `hooks` (loaded by it), `results` (keeps the figures).
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("schemathesis.toml")
PHASES = ("examples", "coverage", "fuzzing", "stateful")
ENDED = {0, 1}
"""Its exit codes for a whole run, without and with findings."""


class RunFailed(Exception):
    """Schemathesis did not come to its end; the message holds the last of what it printed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, by which check, at which operation."""

    check: str
    operation: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: requests by phase, checks by name (as Schemathesis counts them), and what it found."""

    requests: Mapping[str, int]
    checks: Mapping[str, int]
    findings: tuple[Finding, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Task:
    """A document (a URL or a file), the server it is held against, two keys of it, and how much to try."""

    document: str
    url: str
    keys: tuple[str, str]
    examples: int
    seed: int
    shrink: bool = True


def play(task: Task, folder: Path, timeout: float) -> Report:
    """Run it with `folder` (empty) for its files; raises `RunFailed` and `subprocess.TimeoutExpired`."""
    callers = folder / "callers.json"
    callers.write_text(json.dumps({"auth": [*map(_caller, ("first", "second"), task.keys)]}), encoding="utf-8")
    environment = os.environ | {
        "SCHEMATHESIS_CALLERS": str(callers),
        "PYTHONPATH": str(ROOT),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }
    done = subprocess.run(
        _command(task), cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    if done.returncode not in ENDED:
        raise RunFailed(f"Schemathesis ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    with (folder / "run.ndjson").open(encoding="utf-8") as lines:
        return read(summary, map(json.loads, lines))


def _caller(name: str, key: str) -> dict[str, Any]:
    return {"name": name, "fixedHeaders": [{"name": "X-API-Key", "value": key}]}


def _command(task: Task) -> list[str]:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "--no-color", "run"]
    command += [task.document, "--url", task.url, "--phases", ",".join(PHASES)]
    command += ["--max-examples", str(task.examples), "--seed", str(task.seed), "--continue-on-failure"]
    command += [] if task.shrink else ["--no-shrink"]
    return [*command, "--report", "json,ndjson", "--report-json-path", "run.json", "--report-ndjson-path", "run.ndjson"]


def read(summary: Mapping[str, Any], events: Iterator[Mapping[str, Any]]) -> Report:
    """The report, from Schemathesis' summary and its events."""
    requests, checks, findings = Counter[str](), Counter[str](), dict[Finding, None]()
    for event in events:
        scenario = event.get("ScenarioFinished")
        if not scenario:
            continue
        requests[scenario["phase"]] += len(scenario["recorder"].get("interactions", {}))
        for check in (check for made in scenario["recorder"].get("checks", {}).values() for check in made):
            checks[check["name"]] += 1
            if check["status"] != "success":
                findings[_failed(check)] = None
    seconds = round(summary["running_time"], 1)
    return Report(dict(requests), dict(sorted(checks.items())), (*findings, *_undone(summary)), seconds)


def _failed(check: Mapping[str, Any]) -> Finding:
    failure = check.get("failure_info", {}).get("failure", {"operation": "", "title": "the check itself failed"})
    return Finding(check["name"], failure["operation"], f"{failure['title']}: {failure.get('message', '')}"[:400])


def _undone(summary: Mapping[str, Any]) -> Iterator[Finding]:
    """What is no failed check, yet keeps zero from meaning that all is well."""
    for kind, labels in summary["warnings"].items():
        yield from (Finding(f"warning: {kind}", label, "Schemathesis warns") for label in labels)
    for error in summary["errors"]:
        yield Finding("error", "", error["title"])
    for phase in PHASES:
        told = (summary["phases"] or {}).get(phase, {})
        if told.get("status") not in {"success", "failure"}:
            yield Finding("phase", phase, f"ended as {told}")
    operations = summary["operations"] or {"total": 0, "tested": None}
    if operations["tested"] != operations["total"] or not summary["complete"]:
        yield Finding("operations", "", f"tested: {operations}, stopped: {summary['stop_reason']}")
