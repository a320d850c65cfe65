"""How figures are written: the same digits and words in the page, the Markdown and the terminal.

Rule: a figure keeps the decimals that its table entry gives it, thousands are set apart by a comma, a ratio has
two decimals and a multiplication sign, a comparison one of four words. Neighbours: figures says the decimals, every
report module writes with these.
"""

from __future__ import annotations

from collections.abc import Mapping

from loadtests.analyse.verdict import Cell, Panel, Ratio, Word

DASH = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
TOO_FEW = "too few rounds for a verdict"
SPEED: Mapping[str, Mapping[Word, str]] = {
    "requests/s": {"higher": "faster", "lower": "slower"},
    "ms": {"higher": "slower", "lower": "faster"},
}
"""By unit, what higher and lower mean where it is speed; of everything else there is more or less."""
AMOUNT: Mapping[Word, str] = {"higher": "more", "lower": "less"}


def number(value: float, decimals: int) -> str:
    """1234.5 with no decimals is 1,234 (ties go to even, as Python rounds)."""
    return f"{value:,.{decimals}f}"


def amount(value: float, decimals: int, unit: str) -> str:
    """A number and its unit; no space before a per cent sign."""
    return f"{number(value, decimals)}{'' if unit in ('%', '') else ' '}{unit}"


def median(panel: Panel, cell: Cell) -> str:
    """The cell's median with its unit, and whether it is not to be relied on, or a dash."""
    if cell.value is None:
        return DASH
    return f"{amount(cell.value.median, panel.decimals, panel.unit)}{' (unreliable)' if cell.mark else ''}"


def span(panel: Panel, cell: Cell) -> str:
    """Lowest to highest round, without the unit."""
    if cell.value is None:
        return DASH
    low, high = number(cell.value.low, panel.decimals), number(cell.value.high, panel.decimals)
    return low if low == high else f"{low} to {high}"


def ratio(value: Ratio | None) -> str:
    """A target's figure as a multiple of the baseline's."""
    return f"{value.value:.2f}{TIMES}" if value else DASH


def ratio_span(value: Ratio | None) -> str:
    """The ratio's 95% interval, or the extremes of the blocks' ratios where they are too few for one."""
    return f"{value.low:.2f} to {value.high:.2f}" if value else DASH


def said(panel: Panel, value: Ratio | None) -> str:
    """The verdict on a ratio in a word: slower, more, equivalent, ...; a dash where there is nothing to judge."""
    if value is None or panel.better == "neither":
        return DASH
    if value.word is None:
        return TOO_FEW
    return SPEED.get(panel.unit, AMOUNT).get(value.word, value.word)


def compared(panel: Panel, value: Ratio) -> str:
    """All of it: 0.82 times, as `0.82x (0.79 to 0.85, slower)`."""
    return f"{ratio(value)} ({ratio_span(value)}, {said(panel, value)})"


def counted(count: int, noun: str) -> str:
    """`1 target`, `3 targets`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def lacking(count: int, noun: str, fewest: int) -> str:
    """1 and "pair" is `1 good pair of 2 needed`, 0 and "round" is `0 good rounds of 3 needed`."""
    return f"{counted(count, f'good {noun}')} of {fewest} needed"


def share(value: float) -> str:
    """0.0694 is 7%, 0.0071 is 0.7%, 0.0001 is under 0.1%."""
    if 0 <= value < 0.001:
        return "under 0.1%"
    return f"{100 * value:.0f}%" if value >= 0.02 else f"{100 * value:.1f}%"


def duration(seconds: float) -> str:
    """75 is `1 min 15 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def rounds(numbers: tuple[int, ...]) -> str:
    """`round 3`, or `rounds 3, 4 and 9`."""
    *most, last = map(str, numbers)
    return f"rounds {', '.join(most)} and {last}" if most else f"round {last}"
