"""Imports packages with only the libraries of a lock: `alone.py LOCK PACKAGE...`; a traceback names what is missing.

Rule: run in a process of its own, since what is blocked stays blocked. A library that may be there or not is taken for
not there, as in the image. Neighbours: `test_images`.
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType


class OnlyThese(MetaPathFinder):
    """Refuses every top-level module that is installed and of none of these distributions."""

    def __init__(self, distributions: set[str]) -> None:
        self._distributions, self._of = distributions, packages_distributions()

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        """None where the next finder may look."""
        owners = {_plain(each) for each in self._of.get(name.partition(".")[0], ())}
        if owners and not owners & self._distributions:
            raise ModuleNotFoundError(f"{name} is of {', '.join(owners)}, which the lock does not have", name=name)
        return None


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _import_all(name: str) -> None:
    """A module, or a package with everything in it that is ours."""
    module = importlib.import_module(name)
    if name in {"shared", "fastapi_impl", "flask_impl"}:
        for each in pkgutil.walk_packages(module.__path__, f"{name}."):
            importlib.import_module(each.name)


if __name__ == "__main__":
    lock = Path(sys.argv[1]).read_text("utf-8")
    ours = {"parity", *map(_plain, re.findall(r"(?m)^([a-z0-9._-]+)==", lock))}
    sys.meta_path.insert(0, OnlyThese(ours))
    sys.path.insert(0, str(Path.cwd()))
    for package in sys.argv[2:]:
        _import_all(package)
