"""Two targets against each other: rounds paired by block, and a word for each ratio, corrected for being several.

Rule: only the baseline is compared with, and only inside a block. The primary figures of a run are one family of
comparisons, the charted ones of a scenario another, those that only its table shows a third; a figure that is neither
good nor bad has no word. A against A is in no family: it is the noise, not a finding. Neither is a ratio that is the
same in every block (a count): it is no test, and raises nobody's bar.
Neighbours: `statistics` has the arithmetic, `analyse` makes the panels, `diff.changes` has the same families.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from loadtests.analyse import statistics
from loadtests.analyse.verdict import Cell, Panel, Ratio

Family = tuple[str, ...]


def paired(values: Mapping[int, float], base: Mapping[int, float]) -> Ratio | None:
    """The ratio over the blocks that hold both, without a word yet. None when no block does.

    A block in which one of them is zero (memory that did not grow) has no ratio, and is left out.
    """
    blocks = sorted(block for block in values.keys() & base.keys() if values[block] > 0 and base[block] > 0)
    if not blocks:
        return None
    ratios = tuple(values[block] / base[block] for block in blocks)
    found = statistics.estimate(ratios)
    return Ratio(
        value=statistics.middle(ratios),
        low=found.low if found else min(ratios),
        high=found.high if found else max(ratios),
        bootstrap=statistics.bootstrap_t(ratios),
        values=ratios,
        p=found.p if found else None,
        adjusted=None,
        word=None,
    )


def against_itself(values: Mapping[int, float], base: Mapping[int, float]) -> Ratio | None:
    """A against A, with the word that its own p-value gives."""
    ratio = paired(values, base)
    return None if ratio is None or ratio.p is None else _worded(ratio, ratio.p)


def corrected(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """The panels with every ratio judged among its family, and with what each panel's rounds could have told."""
    alone: dict[tuple[int, str], float] = {}
    families: dict[Family, list[tuple[int, str]]] = {}
    for place, panel in enumerate(panels):
        for cell in panel.cells:
            if (family := family_of(panel)) and cell.ratio and cell.ratio.p is not None:
                alone[place, cell.target] = cell.ratio.p
                if statistics.varies(cell.ratio.values):
                    families.setdefault(family, []).append((place, cell.target))
    adjusted = dict(alone)
    for members in families.values():
        adjusted |= zip(members, statistics.holm([alone[member] for member in members]), strict=True)
    return tuple(
        panel.model_copy(
            update={
                "cells": tuple(_judged(cell, adjusted.get((place, cell.target))) for cell in panel.cells),
                "resolves": _resolves(panel, len(families.get(family_of(panel) or (), ()))),
            }
        )
        for place, panel in enumerate(panels)
    )


def family_of(panel: Panel) -> Family | None:
    """The comparisons that a panel's are corrected with; None where higher is neither better nor worse."""
    if panel.better == "neither":
        return None
    return ("primary",) if panel.primary else (panel.scenario, "charted" if panel.chart else "in the table")


def _judged(cell: Cell, adjusted: float | None) -> Cell:
    if cell.ratio is None or adjusted is None:
        return cell
    return cell.model_copy(update={"ratio": _worded(cell.ratio, adjusted)})


def _worded(ratio: Ratio, adjusted: float) -> Ratio:
    found = statistics.estimate(ratio.values)
    word = statistics.judged(found, adjusted) if found else None
    return ratio.model_copy(update={"adjusted": adjusted, "word": word})


def _resolves(panel: Panel, family: int) -> float | None:
    """By the spread of A against A or of the ratios themselves, whichever is wider: a target may shake more than A."""
    ratios = [cell.ratio for cell in panel.cells if cell.ratio]
    deviations = [d for ratio in ratios if (d := statistics.spread_of(ratio.values)) is not None]
    if not family or not deviations:
        return None
    noise = statistics.spread_of(panel.noise.values) if panel.noise else None
    return statistics.resolves(max(median(deviations), noise or 0.0), min(ratio.blocks for ratio in ratios), family)


def widest(ratios: Sequence[Ratio | None]) -> float | None:
    """High over low, less 1, of the widest 95% interval; None when there is none, or one of them has none yet."""
    if not ratios or any(ratio is None or ratio.p is None for ratio in ratios):
        return None
    return max(ratio.high / ratio.low - 1 for ratio in ratios if ratio)
