"""Writes docs/known-differences.md from the table; a unit test holds the stored page to it.

Rule: the page is for someone who chooses a framework: first who has to read what, then each difference with what
is sent, what comes back, who follows the RFC, whether it matters, and what to do. Neighbours: `table`.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.known_differences.difference import Concerned, Difference
from tests.known_differences.table import DIFFERENCES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "known-differences.md"

HEAD = """\
# Known differences

A client that keeps to HTTP cannot tell FastAPI on uvicorn from Flask on gunicorn: the conformance suite compares them
byte by byte. What is left are {number} cases. In nearly all of them the two *server programs* read the same bytes
otherwise, before the application sees a request: these come with the deployment that is usual for a framework. Where
the columns of a case are named fastapi and flask ({by_framework}), the framework or its interface (ASGI, WSGI) is the
reason. Each is tried on both sides by `tests/known_differences/` in every run of the suite, where it is graded “known
difference”; whatever else differs is a defect. Many go away with uvicorn's other parser, `--http h11`, which is slower.
Flask on another server has the differences of that server, and so has FastAPI on gunicorn's own `asgi` worker: where
that worker differs from gunicorn's others, it has a column of its own. uvicorn as a worker class of gunicorn is
uvicorn.

{chapters}

“In words of its own” means that the server program refuses the request: there is no envelope and no request id. This
page is written by `python -m tests.known_differences`.
"""


def page() -> str:
    """The whole page."""
    present = [concerned for concerned in Concerned if any(row.concerned is concerned for row in DIFFERENCES)]
    chapters = "\n".join(f"- [{concerned}](#{_anchor(concerned)}): {_number(concerned)}" for concerned in present)
    by_framework = sum(row.by_framework for row in DIFFERENCES)
    head = HEAD.format(number=len(DIFFERENCES), by_framework=f"{by_framework} cases", chapters=chapters)
    return head + "".join(line for concerned in present for line in _chapter(concerned))


def _chapter(concerned: Concerned) -> Iterator[str]:
    yield f"\n## {concerned}\n"
    for row in DIFFERENCES:
        if row.concerned is concerned:
            yield from _section(row)


def _section(row: Difference) -> Iterator[str]:
    yield f"\n### {row.sent}\n\n"
    yield "".join(f"| {program} " for program in row.answers) + "|\n" + "|---" * len(row.answers) + "|\n"
    yield "".join(f"| {row.said(program)} " for program in row.answers) + "|\n\n"
    yield f"- **The RFC:** {row.rfc}\n- **It matters** {row.matters}\n- **To change it:** {row.change}\n"


def _number(concerned: Concerned) -> str:
    found = sum(row.concerned is concerned for row in DIFFERENCES)
    return "one" if found == 1 else str(found)


def _anchor(heading: str) -> str:
    return "".join(letter for letter in heading.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
