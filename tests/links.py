"""Dead links in the documentation: `python -m tests.links`.

Rule: every relative link and image of every Markdown file leads to a file of this project, and every anchor to a
heading. Links to other hosts are left alone: the check works offline. Part of `make check`.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent


def documents() -> list[Path]:
    """Every Markdown file that git tracks, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def tokens(document: Path) -> Iterator[Token]:
    """Every token of a document, inline ones too."""
    for block in MarkdownIt("commonmark").enable("table").parse(document.read_text(encoding="utf-8")):
        yield block
        yield from block.children or ()


def links(document: Path) -> Iterator[str]:
    """Where its links and images lead."""
    for token in tokens(document):
        target = token.attrs.get("href") or token.attrs.get("src")
        if target:
            yield str(target)


def anchors(document: Path) -> set[str]:
    """Its headings, as the hosts of Markdown name them."""
    text = document.read_text(encoding="utf-8")
    headings = re.findall(r"^#{1,6} +(.*?) *#*$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead(document: Path) -> Iterator[str]:
    """What its links say that is not there."""
    for link in links(document):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (document.parent / unquote(parts.path)).resolve() if parts.path else document
        where = f"{document.relative_to(ROOT)}: {link}"
        if not target.exists():
            yield f"{where}: there is no such file"
        elif parts.fragment and target.suffix == ".md" and parts.fragment not in anchors(target):
            yield f"{where}: there is no such heading"


def main() -> int:
    """Print every dead link; the exit code says whether there was one."""
    found = [line for document in documents() for line in dead(document)]
    print("\n".join(found) or f"links: {len(documents())} documents, none dead")  # noqa: T201 - a command's output
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
