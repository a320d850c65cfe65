"""Lines by hand: counted as a reader would, from the real twins and from small made-up ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.errors import UserError
from loadtests.measure import handwork

SOURCE = '''"""A module."""
import flask
from apispec import APISpec

A = 1  # a constant


@flask.route("/", responses=A)
def handler():
    """Say what it does.
    ---
    get:
      summary: x
    """
    # a comment

    return APISpec(
        A,
    )


class Thing:
    """A class."""

    def method(self):
        """A method."""
        return 1


Thing.register(handler)
'''


def count(tmp_path: Path, name: str) -> handwork.Handwork:
    """What handwork says of one name in the made-up file."""
    (tmp_path / "twin.py").write_text(SOURCE)
    map_file = tmp_path / "map.toml"
    map_file.write_text(f'[x]\ntitle = "X"\nfastapi = ["twin.py::A"]\nflask = ["twin.py::{name}"]\n')
    return handwork.count(map_file, tmp_path)[1]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("A", 1),
        ("handler", 5),
        ("handler#yaml", 2),
        ("handler#keywords:responses", 1),
        ("Thing", 3),
        ("Thing.method", 2),
        ("Thing.register", 1),
    ],
)
def test_lines_of_code_count_and_nothing_else(tmp_path: Path, name: str, lines: int) -> None:
    """Decorators and continued lines count; docstrings, comments and blank lines do not, unless they are YAML."""
    assert count(tmp_path, name).lines == lines


def test_packages_are_those_that_the_lines_use(tmp_path: Path) -> None:
    """An extension is found by its use, not by its import at the top of the file."""
    assert count(tmp_path, "handler").packages == ("apispec", "flask")
    assert count(tmp_path, "Thing").packages == ()


def test_a_name_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """A renamed function does not silently become zero lines."""
    with pytest.raises(UserError, match=r"handwork\.toml names twin\.py::gone, which is not in that file"):
        count(tmp_path, "gone")


def test_every_mapped_name_of_the_twins_exists_and_counts() -> None:
    """The map follows the code: each name is there, and has lines."""
    found = handwork.count()
    assert {item.feature for item in found} >= {"validation", "documentation", "streaming"}
    assert {item.twin for item in found} == {"fastapi", "flask"}
    assert all(item.lines > 0 for item in found)
