"""`python -m tests.floors [--store]`: what a request costs the floors by how busy they are; about two minutes."""

from __future__ import annotations

import argparse

from loadtests.files import write
from tests.floors import page, waking


def main() -> None:
    """Measure, show, and with --store keep it and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.floors", description=__doc__)
    parser.add_argument("--store", action="store_true", help="write docs/results/floors.json and docs/floors.md")
    stored = parser.parse_args().store
    found = waking.measured(waking.play)
    print(page.table(found))  # noqa: T201 - a command's output
    if stored:
        write(page.STORED, found.model_dump_json(indent=1) + "\n")
        write(page.PAGE, page.text(found))


if __name__ == "__main__":
    main()
