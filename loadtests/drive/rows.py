"""Every request of the window, one line of CSV each: kept in memory while the load runs, written when it is over.

Rule: nothing is rounded but times to the microsecond, and no line is made before the window has closed. Each process
writes its own part; `join` puts the parts together. Neighbours: `recorder` says which requests count, `opening` when
to write, `drive` joins.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loadtests.errors import UserError

if TYPE_CHECKING:
    from loadtests.drive.recorder import Outcome

COLUMNS: Final = (
    "process",
    "number",
    "group",
    "status",
    "reason",
    "intended",
    "sent",
    "first_byte",
    "end",
    "ttft",
    "longest_gap",
    "tokens",
)
"""Times in seconds: `intended` to `end` from the window's start, `ttft` and `longest_gap` as durations.

`number` counts a process's requests as they ended; a failure's `reason` is as in the result, and empty else.
"""
PART: Final = "rows-{process}.csv"


class Rows:
    """One process's requests of the window."""

    def __init__(self) -> None:
        self._kept: list[Outcome] = []

    def keep(self, outcome: Outcome) -> None:
        """Remember one request."""
        self._kept.append(outcome)

    def write(self, folder: Path, process: int, start: float) -> None:
        """Write this process's part; `start` is the window's. OSError where it cannot be."""
        with (folder / PART.format(process=process)).open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerows(_line(process, number, kept, start) for number, kept in enumerate(self._kept))


def join(folder: Path, path: Path) -> None:
    """Put the parts in `folder` together as `path`, whole or not at all. UserError when there is no room for it."""
    try:
        if path.exists() and not path.is_file():  # a pipe or a device is written to, never replaced
            _copy(folder, path)
            return
        beside = path.with_name(f".{path.name}.part")
        try:
            _copy(folder, beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"the rows cannot be written to {path}: {error.strerror}; choose another --rows") from error


def _copy(folder: Path, path: Path) -> None:
    with path.open("w", encoding="utf-8") as whole:
        whole.write(",".join(COLUMNS) + "\n")
        for part in sorted(folder.glob(PART.format(process="*"))):
            with part.open(encoding="utf-8") as lines:
                shutil.copyfileobj(lines, whole)


def _line(process: int, number: int, outcome: Outcome, start: float) -> tuple[object, ...]:
    moments = (outcome.intended, outcome.sent, outcome.first_byte, outcome.end)
    times = tuple(_seconds(None if moment is None else moment - start) for moment in moments)
    said = (process, number, outcome.group or "", outcome.status or "", outcome.reason or "")
    if outcome.streamed is None:
        return (*said, *times, "", "", "")
    first, gaps = outcome.streamed.first_content, outcome.streamed.gaps
    ttft = _seconds(None if first is None else first - outcome.sent)
    return (*said, *times, ttft, _seconds(max(gaps, default=None)), len(outcome.streamed.stamps))


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"
