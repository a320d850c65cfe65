"""Writes the figures of docs/hosts.md from docs/results/hosts.json; a test holds the page to the file.

Rule: no number is typed by hand; what stands outside of the two marks is. Neighbours: `measure` makes what is stored.
"""

from collections.abc import Callable, Iterable, Iterator
from statistics import median
from typing import Final

from loadtests.serve import ROOT
from tests.hosts.measure import STORED, Measured, Round

PAGE: Final = ROOT / "docs" / "hosts.md"
BEGINS, ENDS = "<!-- figures: python -m tests.hosts --store -->\n", "<!-- end of figures -->\n"
NOT_YET: Final = "Nothing is stored yet; `python -m tests.hosts --store` measures it (about eight minutes).\n"
Figure = Callable[[Round], float | None]
FIGURES: Final[dict[str, dict[str, Figure]]] = {
    "chat": {"requests/s": lambda r: r.throughput, "p50": lambda r: r.latency_p50, "p99": lambda r: r.latency_p99},
    "stream": {
        "streams/s": lambda r: r.throughput,
        "TTFT p50": lambda r: r.ttft_p50,
        "TTFT p99": lambda r: r.ttft_p99,
        "ITL p50": lambda r: r.itl_p50,
        "ITL p99": lambda r: r.itl_p99,
        "events a read": lambda r: r.events_per_read,
    },
}


def figures() -> str:
    """What stands between the marks."""
    return shown(Measured.model_validate_json(STORED.read_bytes())) if STORED.exists() else NOT_YET


def shown(measured: Measured) -> str:
    """The tables of one measurement: each figure's median over the good rounds, and FastAPI over Flask."""
    lines = [
        f"{measured.measured_at}, {measured.seconds / 60:.0f} minutes. {measured.machine}. {measured.cores}. "
        "Both server hosts, nginx and Redis share the server's core and both load hosts the generator's, so a way is "
        "held against another way, and no figure against one of several machines. Times in ms; medians of good rounds.",
        "",
    ]
    for scenario, columns in FIGURES.items():
        lines += _table(scenario, columns, measured.rounds)
    if measured.left_out:
        lines += [f"Delay and loss were not measured: {measured.left_out}.", ""]
    everything = all(done.exact for done in measured.rounds)
    told = "in every round" if everything else "NOT in every round"
    lines.append(f"The requests of both load hosts added up to those of the merged figures {told}.")
    return "\n".join(lines) + "\n"


def store() -> None:
    """Put them there."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGINS)
    after = rest.partition(ENDS)[2]
    PAGE.write_text(f"{before}{BEGINS}{figures()}{ENDS}{after}", "utf-8")


def _table(scenario: str, columns: dict[str, Figure], rounds: Iterable[Round]) -> Iterator[str]:
    of = [done for done in rounds if done.scenario == scenario]
    yield f"| {scenario} | | good rounds | {' | '.join(columns)} | answers of server-1, server-2 |"
    yield f"|---|---|---:|{'---:|' * len(columns)}---|"
    for way in dict.fromkeys(done.way for done in of):
        here = [done for done in of if done.way == way]
        twins = {twin: [done for done in here if done.twin == twin] for twin in dict.fromkeys(d.twin for d in here)}
        for twin, played in twins.items():
            good = [done for done in played if done.generator.valid]
            cells = " | ".join(_cell(_middle(good, figure)) for figure in columns.values())
            both = ", ".join(str(sum(done.served.get(host, 0) for done in good)) for host in ("server-1", "server-2"))
            yield f"| {way} | {twin} | {len(good)} of {len(played)} | {cells} | {both if 'two' in way else ''} |"
        fit = {twin: [done for done in played if done.generator.valid] for twin, played in twins.items()}
        yield f"| | fastapi / flask | | {' | '.join(_ratio(fit, figure) for figure in columns.values())} | |"
    yield ""


def _middle(rounds: Iterable[Round], figure: Figure) -> float | None:
    found = [value for done in rounds if (value := figure(done)) is not None]
    return median(found) if found else None


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def _ratio(good: dict[str, list[Round]], figure: Figure) -> str:
    one, other = (_middle(good.get(twin, []), figure) for twin in ("fastapi", "flask"))
    return f"{one / other:.2f} ×" if one and other else ""  # noqa: RUF001 - the sign that every report has
