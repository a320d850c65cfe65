"""What a calibration is bound to: the machine, the versions that drive, and the sources of the generator.

Rule: one line that a person can read, equal where a calibration still holds; no path, no host name. Neighbours:
`measure.environment` knows the machine, `calibrate` (this package) compares the lines.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from loadtests.measure import environment

ROOT: Final = Path(__file__).parents[1]
BESIDE: Final = ("arrivals.py", "checks.py", "locustfile.py", "scenarios.py")  # they run in the generator too
DRIVING: Final = ("locust", "gevent", "greenlet", "httptools")


def machine() -> str:
    """This machine, as far as it decides what the generator can do."""
    here = environment.take(datetime.now(UTC))
    versions = {package.name: package.version for package in here.packages}
    driving = ", ".join(f"{name} {versions.get(name, environment.UNKNOWN)}" for name in DRIVING)
    return f"{here.cpu}, {here.cores} cores, {here.kernel}, {here.python}, {driving}, generator {sources()}"


def sources(root: Path = ROOT) -> str:
    """The first digits of a hash over the generator's source files."""
    digest = hashlib.sha256()
    for file in sorted((*(root / "drive").rglob("*.py"), *(root / name for name in BESIDE))):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
