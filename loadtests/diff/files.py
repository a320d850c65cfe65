"""Writes the files that a user names: --markdown FILE and --json FILE. Neighbours: diff and ci."""

from __future__ import annotations

from pathlib import Path

from loadtests.errors import UserError


def put(path: Path, text: str) -> None:
    """Write the text; UserError where the place will not have it."""
    try:
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another file") from error
