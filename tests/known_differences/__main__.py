"""Writes docs/known-differences.md from the table; a unit test holds the stored page to it."""

from pathlib import Path

from tests.known_differences.table import DIFFERENCES, Difference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "known-differences.md"

HEAD = """\
# Known differences

What a client can tell the two servers apart by, and why it stays so. Each row is pinned on both sides by
`tests/known_differences/`; whatever else differs is a defect. Written by `python -m tests.known_differences`.

| | FastAPI on uvicorn | Flask on gunicorn | why |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(map(_row, DIFFERENCES))


def _row(difference: Difference) -> str:
    one, other = (difference.answers[server] for server in ("uvicorn", "gunicorn"))
    return f"| {difference.title} | {one} | {other} | {difference.reason} |\n"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
