"""The files of a run of the suite: where they are, and how they get there.

Rule: each is made from the same `Results`, and written whole or not at all; a place that cannot be written is a
`UserError` before the suite has run. Neighbours: `page`, `junit` and `results` make the texts, `run` has them
written.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from loadtests import files as stored
from loadtests.errors import UserError
from loadtests.masking import hidden
from loadtests.verify import alone
from loadtests.verify.junit import junit
from loadtests.verify.page import page
from loadtests.verify.results import SCHEMA, Results
from loadtests.verify.suite import LOG

PAGE, JSON, JUNIT, TARGETS = "index.html", "results.json", "junit.xml", alone.TARGETS
HIDDEN = ("(key)", "(second-key)")


def made(folder: Path) -> Path:
    """Make the folder, with those above it, and try that it can be written; return its full path."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOG).touch()
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}; choose another place with --out") from error
    return folder.resolve()


def writable(*paths: Path | None) -> None:
    """Try that these files can be written, before anything has been run for them."""
    for path in filter(None, paths):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}; give another file") from error


def write(results: Results, folder: Path, secrets: Sequence[str] = ()) -> None:
    """Write the page, results.json with its schema, and junit.xml; none holds a key or a path of this machine.

    `secrets`: the key and, if there is one, the second key of a server that the kit did not start.
    """
    known = {secret: name for secret, name in zip(secrets, HIDDEN, strict=False) if secret}
    keyless = results.reworded(lambda text: hidden(text, known))
    clean = Results.model_validate_json(stored.redacted(keyless.model_dump_json()))
    whole = clean.model_dump_json(indent=1) + "\n"
    targets = alone.targets_file(folder)
    for name, content in {PAGE: page(clean, targets), JSON: whole, JUNIT: junit(clean, targets)}.items():
        stored.write(folder / name, content)
    shutil.copyfile(SCHEMA, folder / SCHEMA.name)


def copied(folder: Path, elsewhere: Mapping[str, Path | None]) -> dict[str, Path]:
    """Copy the files (by name) that were asked for elsewhere, and return a word for each -> where to look."""
    for name, path in elsewhere.items():
        if path:
            shutil.copyfile(folder / name, path)
    names = {"page": PAGE, "json": JSON, "junit": JUNIT}
    return {word: elsewhere.get(name) or folder / name for word, name in names.items()}
