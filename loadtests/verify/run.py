"""One run of the suite from beginning to end: what has to pass, the run, its files, and the passes that come of it.

Rule: what a pass depends on is hashed before the run, so that source which is edited meanwhile has not passed; only
a run of the whole suite is remembered. Neighbours: `suite` runs, `results` gathers, `files` writes, `passes` remembers.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from loadtests.serve import ROOT
from loadtests.targets import Target, to_toml
from loadtests.verify import files, fingerprint, passes
from loadtests.verify.fingerprint import Parts
from loadtests.verify.grades import count
from loadtests.verify.records import PAIR, Record
from loadtests.verify.results import About, Results, gather
from loadtests.verify.suite import WHOLE, Chosen, run_suite


def verify_targets(targets: Sequence[Target], folder: Path, chosen: Chosen = WHOLE, *, show: bool) -> Results:
    """Run the suite on these targets, keep everything in `folder`, remember what passed."""
    made = subjects(targets)
    file = files.made(folder) / files.TARGETS
    file.write_text(to_toml(targets), "utf-8")
    words = [word for target in targets for word in ("--target", target.name)]
    began, clock = datetime.now(UTC), time.monotonic()
    records = run_suite([*words, "--targets", str(file)], folder, chosen, show=show)
    blind = {target.name for target in targets if fingerprint.unseen(target)}
    seen = {name: parts for name, parts in made.items() if not blind & set(name.split(PAIR))}
    prints = {name: fingerprint.whole(parts) for name, parts in seen.items()}
    about = About(targets, fingerprints=prints, chosen=chosen, started=began, seconds=time.monotonic() - clock)
    results = gather(records, about)
    files.write(results, folder)
    if chosen.whole:  # a selection of cases says nothing of the others
        _remember(records, seen, results.started, folder)
    return results


def verify_url(url: str, keys: Sequence[str], folder: Path, chosen: Chosen = WHOLE) -> Results:
    """Run what of the suite a server needs no help for, with its key and, if there is one, its second key."""
    words = [word for pair in zip(("--key", "--second-key"), filter(None, keys), strict=False) for word in pair]
    began, clock = datetime.now(UTC), time.monotonic()
    records = run_suite(["--url", url, *words], folder, chosen, show=True)
    results = gather(records, About(url=url, chosen=chosen, started=began, seconds=time.monotonic() - clock))
    files.write(results, folder, secrets=keys)
    return results


def subjects(targets: Sequence[Target]) -> Mapping[str, Parts]:
    """Return what has to pass, with what that depends on: each target, and the first FastAPI with each other."""
    first = next((target for target in targets if target.framework == "fastapi"), None)
    others = [target for target in targets if target.framework != "fastapi"]
    wanted = [(target,) for target in targets] + [(first, other) for other in others if first]
    common = fingerprint.parts()
    return {PAIR.join(target.name for target in each): fingerprint.parts(*each, common=common) for each in wanted}


def new_folder() -> Path:
    """Return a folder that no other run has; its name is the time, UTC."""
    return passes.FILE.parent / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")


def shown(path: Path) -> Path:
    """Return a path as a reader here wants it: from the kit's root, if it is below."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _remember(records: Sequence[Record], made: Mapping[str, Parts], passed_at: str, folder: Path) -> None:
    for name, parts in made.items():
        found = count(record.grade for record in records if record.judges(name))
        if found.ok:
            passes.record(name, passes.Pass.of(found, parts, passed_at, folder))
