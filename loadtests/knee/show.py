"""A search in the terminal: a line for each probe as it ends, a table of what came out.

Rule: shows, decides nothing. Neighbours: `knee` tells its probes, `command` prints the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rich.table import Table

from loadtests.analyse.knee_values import Knee, Knees
from loadtests.plan import PlannedKnee
from loadtests.records import KneeSearch, Probe

LIMITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "server": "the server",
        "generator": "the load generator: this is a lower bound",
        "plan": "the highest load tried: this is a lower bound",
        "unfinished": "the search did not finish",
    }
)
_SAID: Final[Mapping[bool | None, str]] = MappingProxyType({True: "held", False: "failed", None: "cannot be told"})


def told(planned: PlannedKnee, target: str, probe: Probe) -> str:
    """`chat on flask-gevent, 3,200 requests/s: held (latency p99 12.3 ms, 3,198 requests/s)`."""
    result = probe.result
    latency = result.latency_intended_ms if planned.unit == "requests/s" else result.latency_ms
    figures = [f"latency p99 {latency.p99:,.1f} ms"]
    figures += [f"TTFT p99 {result.ttft_ms.p99:,.1f} ms"] if result.ttft_ms else []
    figures += [f"ITL p99 {result.itl_ms.p99:,.1f} ms"] if result.itl_ms else []
    why = "; ".join(probe.reasons) or f"{', '.join(figures)}, {result.throughput:,.0f} requests/s"
    again = " again" if probe.edge else ""
    return f"{planned.scenario} on {target}, {probe.load:,g} {planned.unit}{again}: {_SAID[probe.held]} ({why})"


def table(knees: Knees, searches: tuple[KneeSearch, ...]) -> Table:
    """A row for each target."""
    shown = Table(title=f"{knees.scenario}: the most {knees.unit} within {knees.slo}", title_justify="left")
    for name in ("target", "held", "failed at", "limited by", "how it ended"):
        shown.add_column(name, justify="right" if name in {"held", "failed at"} else "left")
    for knee, search in zip(knees.cells, searches, strict=True):
        shown.add_row(knee.target, *_ends(knee), LIMITS[knee.limit], search.ended)
    return shown


def _ends(knee: Knee) -> tuple[str, str]:
    low = "none" if knee.low is None else f"{knee.low:,.0f}"
    return low, "not seen" if knee.high is None else f"{knee.high:,.0f}"
