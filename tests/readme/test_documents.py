"""What the documents name is there, what they show is valid, and no command is left out."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from tests import links
from tests.readme.document import COMMANDS, DOCUMENTS, README, fences, of, unknown

GUIDES = (README, README.with_name("CONTRIBUTING.md"))
KEY = re.compile(r"(?:--key |X-API-Key: )([\w-]+)")
EACH = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(links.ROOT)))


def _python(text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        input=text,
        cwd=links.ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# the language of a fenced block -> what shows that it is right; `sh` is run by the other tests
SNIPPETS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {"sh": len, "toml": tomllib.loads, "json": json.loads, "python": _python, "text": len}
)


def test_every_command_is_run() -> None:
    """No command of a document is without a test that runs it."""
    assert len(of(*filter(None, {found.kind for found in COMMANDS}))) > 10
    assert not [unknown(found) for found in COMMANDS if found.kind is None]


def test_a_new_command_is_noticed() -> None:
    """One that no test knows how to run is named, with where it stands and where to add it."""
    found = replace(COMMANDS[0], text=".venv/bin/parity fly --high")
    assert found.kind is None
    assert unknown(found) == (
        f"{found.where}: teach tests/readme/document.py (KINDS) how to run: .venv/bin/parity fly --high"
    )


def test_keys_agree() -> None:
    """The key that the commands send is the one that the README exports."""
    sent = {(key, found.exports.get("VALID_API_KEYS")) for found in COMMANDS for key in KEY.findall(found.text)}
    assert len(sent) == 1, sent
    assert all(key == exported for key, exported in sent)


@EACH
def test_no_dead_link(document: Path) -> None:
    """Every relative link leads to a file, every anchor to a heading."""
    assert list(links.dead(document)) == []


@EACH
def test_snippets(document: Path) -> None:
    """Each fenced block is of a language that is checked, and is right."""
    for fence in fences(document):
        language = fence.info.strip()
        assert language in SNIPPETS, (
            f"{document.name}: teach tests/readme/test_documents.py (SNIPPETS) how to run: {language or fence.content}"
        )
        SNIPPETS[language](fence.content)


def _paths(document: Path) -> Iterator[str]:
    """The words of its inline code that name something in this repository."""
    for token in links.tokens(document):
        words = token.content.split() if token.type == "code_inline" else []
        yield from (word for word in words if "/" in word.strip("/") or word.endswith("/") if not _elsewhere(word))


def _elsewhere(word: str) -> bool:
    return word.startswith(("/", ".venv")) or "://" in word


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: path.name)
def test_paths(document: Path) -> None:
    """What the README and CONTRIBUTING name as a file or folder is there, the table's folders among them."""
    found = list(_paths(document))
    assert found
    assert [path for path in found if not (links.ROOT / path).exists()] == []
