"""Verifies targets or a URL with the conformance suite; no load without a pass.

Rule: targets pass alone and, where both frameworks are among them, as a pair whose bytes are compared. Only a
run of the whole suite is remembered as a pass.
Neighbours: `suite` runs it, `passes` remembers, `verify_page` shows; `cli` and `compare` ask here.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import httpx
from rich.console import Console

from loadtests.errors import UserError
from loadtests.plan import DEFAULT_TARGETS
from loadtests.serve import ROOT
from loadtests.targets import Target, load_targets, pick, to_toml
from loadtests.verify import page as verify_page
from loadtests.verify import passes
from loadtests.verify.suite import Case, Count, count, run_suite

URL = ("http://", "https://")


@dataclass(frozen=True)
class VerifyOutcome:
    """What the suite says of a target and its pairs. `page`: the folder; `reused`: an earlier pass."""

    target: str
    count: Count
    page: Path
    reused: bool = False

    @property
    def ok(self) -> bool:
        """A pass: something was shown, and nothing failed."""
        return self.count.passed > 0 and self.count.failed == 0


@dataclass(frozen=True)
class VerifyOptions:
    """What `parity verify` is asked for. `subjects`: names of targets, or one URL; none: the usual three."""

    subjects: tuple[str, ...] = ()
    key: str = ""
    second_key: str = ""
    targets_file: Path | None = None
    junit: Path | None = None
    expression: str = ""


def verify(options: VerifyOptions, console: Console) -> int:
    """Run the suite, show and keep what came out; return 0 if all passed, else 1."""
    folder = new_folder()
    urls = [subject for subject in options.subjects if subject.startswith(URL)]
    if urls:
        cases = _verify_url(options, urls[0], folder)
    else:
        if options.key or options.second_key:
            raise UserError("--key belongs to a URL; the kit gives its own servers a key")
        chosen = pick(load_targets(options.targets_file), options.subjects or DEFAULT_TARGETS)
        cases = verify_targets(chosen, folder, expression=options.expression, show=True)
    if options.junit:
        shutil.copyfile(folder / "junit.xml", options.junit)
    verify_page.show(cases, console)
    console.print(f"page: {_relative(folder)}/index.html", highlight=False, soft_wrap=True)
    return 1 if count(cases).failed else 0


def ensure_verified(targets: Sequence[Target], console: Console) -> Mapping[str, VerifyOutcome]:
    """Return each target's outcome; the suite runs for all if one, or a pair of them, has no pass yet."""
    known = {name: passes.find(name, made) for name, made in _subjects(targets).items()}
    if None not in known.values():
        return MappingProxyType({target.name: _reused(target.name, known) for target in targets})
    folder = new_folder()
    names = ", ".join(target.name for target in targets)
    told = f"conformance suite on {names}, a minute or two (output: {_relative(folder)}/pytest.log)"
    console.print(told, highlight=False)
    with console.status("conformance suite"):
        cases = verify_targets(targets, folder, show=False)
    return MappingProxyType({target.name: _outcome(target.name, cases, folder) for target in targets})


def verify_targets(targets: Sequence[Target], folder: Path, *, expression: str = "", show: bool) -> tuple[Case, ...]:
    """Run the suite on these targets, keep everything in `folder`, remember what passed."""
    made = _subjects(targets)  # before the run: source that is edited meanwhile has not been verified
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "targets.toml"
    file.write_text(to_toml(targets), "utf-8")
    names = [word for target in targets for word in ("--target", target.name)]
    cases = run_suite([*names, "--targets", str(file)], folder, expression=expression, show=show)
    verify_page.write(cases, folder)
    if not expression:  # a selection of cases says nothing of the others
        for name, hashed in made.items():
            result = count(case for case in cases if case.judges(name))
            if result.passed and not result.failed:
                passes.record(
                    name,
                    passes.Pass(fingerprint=hashed, passed=result.passed, skipped=result.skipped, page=folder),
                )
    return cases


def passed(target: Target) -> bool:
    """Tell whether the suite has passed for this very source and command."""
    return passes.find(target.name, passes.fingerprint(target)) is not None


def new_folder() -> Path:
    """Return a folder that no other run has; its name is the time, UTC."""
    return passes.FILE.parent / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")


def _verify_url(options: VerifyOptions, url: str, folder: Path) -> tuple[Case, ...]:
    if len(options.subjects) > 1:
        raise UserError("a URL is verified by itself; give one URL, or names of targets")
    if not options.key:
        raise UserError(f"most of the contract is behind a key; give one that {url} accepts with --key")
    try:
        httpx.get(f"{url}/health", timeout=10)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UserError(f"nothing answers at {url} ({error}); start the server or correct the URL") from error
    second = ["--second-key", options.second_key] if options.second_key else []
    arguments = ["--url", url, "--key", options.key, *second]
    cases = run_suite(arguments, folder, expression=options.expression, show=True)
    verify_page.write(cases, folder)
    return cases


def _subjects(targets: Sequence[Target]) -> dict[str, str]:
    """Return what has to pass, with its fingerprint: each target, and the first FastAPI with each other."""
    first = next((target for target in targets if target.framework == "fastapi"), None)
    others = [target for target in targets if target.framework != "fastapi"]
    alone = {target.name: passes.fingerprint(target) for target in targets}
    pairs = {f"{first.name}~{other.name}": passes.fingerprint(first, other) for other in others} if first else {}
    return alone | pairs


def _outcome(name: str, cases: Sequence[Case], folder: Path) -> VerifyOutcome:
    return VerifyOutcome(name, count(case for case in cases if case.concerns(name)), folder)


def _reused(name: str, known: Mapping[str, passes.Pass | None]) -> VerifyOutcome:
    mine = [found for subject, found in known.items() if found and name in subject.split("~")]
    total = Count(sum(found.passed for found in mine), 0, sum(found.skipped for found in mine))
    return VerifyOutcome(name, total, mine[0].page, reused=True)


def _relative(folder: Path) -> Path:
    return folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
