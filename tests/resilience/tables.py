"""A Markdown table from heads and rows, for the pages of the parts."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table, its first column left and the others right; ends with a line feed."""
    rule = [":--", *["--:"] * (len(heads) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (heads, rule, *rows))
