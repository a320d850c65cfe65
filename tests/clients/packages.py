"""Which versions of the clients are run: npm's from vendor/packages.toml, Python's from requirements.lock.

Rule: what is vendored is what was published, and packages.toml says which. Neighbours: `clients` (uses them),
`test_packages` (holds the files to it).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent / "vendor"
SUMS = VENDOR / "packages.toml"
LOCK = VENDOR.parents[2] / "requirements.lock"


@dataclass(frozen=True, slots=True)
class Package:
    """A vendored package: its folder, what its publisher calls it, and the SHA-256 of each file that is kept."""

    folder: str
    name: str
    version: str
    license: str
    integrity: str
    sha256: Mapping[str, str]


def vendored() -> list[Package]:
    """All that packages.toml lists."""
    listed = tomllib.loads(SUMS.read_text(encoding="utf-8"))
    return [Package(folder=folder, **fields) for folder, fields in listed.items()]


def version(name: str) -> str:
    """The version that is run of a package, vendored or locked; a name that is neither is an error."""
    found = {package.name: package.version for package in vendored()}
    locked = re.search(rf"^{re.escape(name)}==([^ ;]+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return locked[1] if locked else found[name]
