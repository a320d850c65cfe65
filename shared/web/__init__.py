"""The pages that both servers serve: the chat at `/`, Swagger UI at `/docs`, and where Swagger UI's files lie.

Rule: the pages are bytes read once, the same from both servers, and load nothing from another host.
Neighbours: each server's `routes.py`, which serves `chat_page()`, `docs_page()` and, under `/docs/assets/`,
`asset(name)`; `tests/browser`, which uses the pages in a real browser.
"""

import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from shared.errors import NotFound

SWAGGER_PACKAGE = "flask_swagger_ui"


@cache
def chat_page() -> bytes:
    """Give the chat page: one self-contained HTML document in UTF-8."""
    return files(__name__).joinpath("chat.html").read_bytes()


@cache
def docs_page() -> bytes:
    """Give the Swagger UI page, HTML in UTF-8: it reads `/openapi.json` and `/docs/assets/`."""
    return files(__name__).joinpath("docs.html").read_bytes()


@cache
def swagger_assets() -> Path:
    """Give the folder with Swagger UI's own files, found without importing the package that brings them.

    The package is named after Flask and imports it; finding a top-level package runs none of its code.
    Raises `FileNotFoundError`, with the cure, where the package or its files are missing.
    """
    spec = find_spec(SWAGGER_PACKAGE)
    places = (spec.submodule_search_locations if spec else None) or []
    for place in places:
        dist = Path(place) / "dist"
        if (dist / "swagger-ui-bundle.js").is_file():
            return dist
    raise FileNotFoundError(
        f"Swagger UI's files were not found: the package {SWAGGER_PACKAGE} is not installed or has no "
        "dist/swagger-ui-bundle.js; install this project's dependencies again (make setup)"
    )


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    content: bytes
    media_type: str


@cache
def asset(name: str) -> Asset:
    """Give one of Swagger UI's own files; raises `NotFound` for any other name."""
    if name not in {path.name for path in swagger_assets().iterdir()}:
        raise NotFound
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset((swagger_assets() / name).read_bytes(), media_type)
