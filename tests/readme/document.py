"""What the documents ask a reader to type: the commands of their `sh` blocks, in order.

Rule: nothing is copied from a document into a test, so a command that is added or changed is tested as it stands.
`KINDS` says which test runs it; what stands in no row makes `unknown` say so. Neighbours: `typed` (runs a
command), the `test_*.py` of this folder (each one or more kinds).
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from markdown_it.token import Token

from tests import links

DOCUMENTS = tuple(sorted((*links.ROOT.glob("*.md"), *(links.ROOT / "docs").rglob("*.md"))))
README = links.ROOT / "README.md"
# the beginning of a command, a tool or a tool and its subcommand -> the test that runs it
KINDS = MappingProxyType(
    {
        "parity serve": "server with a key of its own",
        "parity upstream": "upstream",
        "uvicorn": "server",
        "fastapi run": "server",
        "gunicorn": "server",
        "flask": "server",
        "curl": "request",
        "parity verify": "verify",
        "parity drive": "drive",
        "locust": "locust",
        "parity fairness": "fairness",
        "parity compare": "compare",
        "parity report": "report",
        "parity diff": "diff",
        "parity knee": "knee",
        "parity calibrate": "calibrate",
        "make": "make",
    }
)


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a block, without its comment, and the variables that the lines before it export."""

    text: str
    comment: str
    exports: Mapping[str, str]
    where: str

    @property
    def words(self) -> tuple[str, ...]:
        """As a shell would split it; the tool without its folder."""
        tool, *rest = shlex.split(self.text)
        return Path(tool).name, *rest

    @property
    def kind(self) -> str | None:
        """The row of `KINDS`; None if there is none."""
        return KINDS.get(" ".join(self.words[:2])) or KINDS.get(self.words[0])

    @property
    def id(self) -> str:
        """The tool and what it is about, the options left out."""
        plain = [Path(word).name for word in self.words if not word.startswith("-") and not word.isdigit()]
        return "-".join(plain[: 3 if self.words[0] == "parity" else 2])


def fences(document: Path) -> Iterator[Token]:
    """The fenced blocks of a document."""
    return (token for token in links.tokens(document) if token.type == "fence")


def commands(document: Path) -> Iterator[Command]:
    """What its `sh` blocks say, in order; an `export` holds for all that follows."""
    exports: dict[str, str] = {}
    for fence in fences(document):
        if fence.info.strip() != "sh":
            continue
        assert fence.map
        for number, line in enumerate(fence.content.splitlines(), start=fence.map[0] + 2):
            text, _, comment = re.sub(r"(^|\s)#\s", "\0", line, count=1).partition("\0")
            if text.startswith("export "):
                exports |= dict(word.split("=", 1) for word in shlex.split(text)[1:])
            elif text.strip():
                where = f"{document.relative_to(links.ROOT)}:{number}"
                yield Command(text.strip(), comment.strip(), MappingProxyType(dict(exports)), where)


def unknown(found: Command) -> str:
    """What is said of a command that no test runs."""
    return f"{found.where}: teach tests/readme/document.py (KINDS) how to run: {found.text}"


COMMANDS = tuple(found for document in DOCUMENTS for found in commands(document))


def of(*kinds: str) -> list[Command]:
    """The commands of these kinds, from all documents; one that is shown twice is run once."""
    found = {(command.text, *command.exports.items()): command for command in COMMANDS if command.kind in kinds}
    return list(found.values())
