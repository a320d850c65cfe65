"""Verifies targets or a URL with the conformance suite; no load without a pass.

Rule: targets pass alone and, where both frameworks are among them, as a pair whose bytes are compared.
Neighbours: `run` runs the suite and keeps its files, `terminal` shows, `gate` says whether it must run; `cli` and
`compare` ask here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from loadtests.errors import UserError
from loadtests.targets import DEFAULT_TARGETS, Target, load_targets, pick
from loadtests.verify import alone, files, fingerprint, terminal
from loadtests.verify.gate import VerifyOutcome, ensure_verified, passed
from loadtests.verify.results import Results
from loadtests.verify.run import new_folder, shown, verify_targets, verify_url
from loadtests.verify.suite import WHOLE, Chosen, known_clauses, known_expression
from loadtests.verify.url import reachable

__all__ = ["Chosen", "VerifyOptions", "VerifyOutcome", "ensure_verified", "passed", "verify", "verify_targets"]


@dataclass(frozen=True)
class VerifyOptions:
    """What `parity verify` is asked for. `subjects`: names of targets, or one URL; none: the usual three.

    `out`: the folder for its files (None: a new one under .parity/verify); `junit`, `json`: copies of two of them.
    """

    subjects: tuple[str, ...] = ()
    key: str = ""
    second_key: str = ""
    targets_file: Path | None = None
    chosen: Chosen = field(default=WHOLE)
    out: Path | None = None
    junit: Path | None = None
    json: Path | None = None


def verify(options: VerifyOptions, console: Console) -> int:
    """Run the suite, show and keep what came out; return 0 if something was shown and nothing was wrong, else 1."""
    known_clauses(options.chosen.clauses)
    known_expression(options.chosen.expression)
    url = next((subject for subject in options.subjects if "://" in subject), "")
    targets = () if url else _targets(options)
    if url:
        _check_url(options, url)
    files.writable(options.junit, options.json)
    folder = files.made(options.out or new_folder())
    results = (
        verify_url(url, (options.key, options.second_key), folder, options.chosen)
        if url
        else verify_targets(targets, folder, options.chosen, show=True)
    )
    written = files.copied(folder, {files.JUNIT: options.junit, files.JSON: options.json})
    _tell(results, targets, written, console)
    return 0 if results.count.ok else 1


def _targets(options: VerifyOptions) -> Sequence[Target]:
    for place in (subject for subject in options.subjects if ":" in subject):  # no target's name has one
        raise UserError(f"{place!r} is no target, and no URL without its scheme; write http://{place}")
    if options.key or options.second_key:
        raise UserError("--key belongs to a URL; the kit gives its own servers a key")
    return pick(load_targets(options.targets_file), options.subjects or DEFAULT_TARGETS)


def _check_url(options: VerifyOptions, url: str) -> None:
    if len(options.subjects) > 1:
        raise UserError("a URL is verified by itself; give one URL, or names of targets")
    if not options.key:
        raise UserError(f"most of the contract is behind a key; give one that {url} accepts with --key")
    reachable(url, options.key, options.second_key)


def _tell(results: Results, targets: Sequence[Target], written: dict[str, Path], console: Console) -> None:
    terminal.show(results, console, alone.targets_file(written["page"].parent, anywhere=True))
    if not results.selection:
        for reason in filter(None, map(fingerprint.unseen, targets)):
            console.print(reason, highlight=False, soft_wrap=True, markup=False)
    for word, path in written.items():
        console.print(f"{word}: {shown(path)}", highlight=False, soft_wrap=True, markup=False)
