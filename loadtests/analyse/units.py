"""How figures are written: the same digits in the page, the Markdown and the terminal.

Rule: a figure keeps the decimals that its table entry gives it, thousands are set apart by a comma, a ratio has
two decimals and a multiplication sign. Neighbours: figures says the decimals, every report module writes with these.
"""

from __future__ import annotations

from loadtests.analyse.verdict import Cell, Panel, Ratio

DASH = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"


def number(value: float, decimals: int) -> str:
    """1234.5 with no decimals is 1,234 (ties go to even, as Python rounds)."""
    return f"{value:,.{decimals}f}"


def amount(value: float, decimals: int, unit: str) -> str:
    """A number and its unit; no space before a per cent sign."""
    return f"{number(value, decimals)}{'' if unit in ('%', '') else ' '}{unit}"


def median(panel: Panel, cell: Cell) -> str:
    """The cell's median with its unit, or a dash."""
    return amount(cell.value.median, panel.decimals, panel.unit) if cell.value else DASH


def span(panel: Panel, cell: Cell) -> str:
    """Lowest to highest round, without the unit."""
    if cell.value is None:
        return DASH
    low, high = number(cell.value.low, panel.decimals), number(cell.value.high, panel.decimals)
    return low if low == high else f"{low} to {high}"


def ratio(value: Ratio | None) -> str:
    """A target's figure as a multiple of the baseline's."""
    return f"{value.median:.2f}{TIMES}" if value else DASH


def ratio_span(value: Ratio | None) -> str:
    """The extremes of the blocks' ratios."""
    return f"{value.low:.2f} to {value.high:.2f}" if value else DASH


def duration(seconds: float) -> str:
    """75 is `1 min 15 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def rounds(numbers: tuple[int, ...]) -> str:
    """`round 3`, or `rounds 3, 4 and 9`."""
    *most, last = map(str, numbers)
    return f"rounds {', '.join(most)} and {last}" if most else f"round {last}"
