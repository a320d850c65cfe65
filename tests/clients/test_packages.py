"""What is vendored is what was published, and the page about the clients is current."""

import base64
import hashlib
import json
import re

import pytest

from tests.clients import __main__ as document
from tests.clients.packages import SUMS, VENDOR, Package, vendored
from tests.clients.site import HERE, PAGE

EACH = pytest.mark.parametrize("package", vendored(), ids=lambda package: package.folder)
OWN = {SUMS, VENDOR / ".gitattributes"}


@EACH
def test_files_are_as_published(package: Package) -> None:
    """Each file has the sum that packages.toml says, and the licence is among them."""
    folder = VENDOR / package.folder
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == package.sha256
    assert package.license in (folder / "LICENSE").read_text(encoding="utf-8")


@EACH
def test_archive_is_named(package: Package) -> None:
    """The archive that the files came from is known by its SHA-512, as npm writes it."""
    kind, _, digest = package.integrity.partition("-")
    assert (kind, len(base64.b64decode(digest, validate=True))) == ("sha512", 64)
    assert re.fullmatch(r"\d+\.\d+\.\d+", package.version)


def test_nothing_else_is_vendored() -> None:
    """No file is there that belongs to no package."""
    known = OWN | {VENDOR / package.folder / name for package in vendored() for name in package.sha256}
    assert {path for path in VENDOR.rglob("*") if path.is_file()} == known


def test_import_map_leads_to_files() -> None:
    """Every import that the page explains is a vendored file."""
    page = (HERE / PAGE.lstrip("/")).read_text(encoding="utf-8")
    found = re.search(r'<script type="importmap">(.+?)</script>', page, flags=re.DOTALL)
    assert found
    assert [path for path in json.loads(found[1])["imports"].values() if not (HERE / path.lstrip("/")).is_file()] == []


def test_page_is_current() -> None:
    """docs/clients.md is what `python -m tests.clients` writes."""
    assert document.PAGE.read_text("utf-8") == document.page()
