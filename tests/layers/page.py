"""docs/layers.md, from the stored measurement (and the list of what was not taken) alone.

Rule: no figure is typed by hand, save those of the list, of which the page says so. Neighbours: `costs` works them out,
`chart` draws them, `not_taken` has the ways to be faster that were left.
"""

from collections.abc import Iterator, Sequence

from loadtests.analyse import units
from loadtests.analyse.verdict import Ratio
from loadtests.targets import load_targets
from tests.layers import not_taken
from tests.layers.chart import chart
from tests.layers.costs import Costs, Difference, Row, costs, targets
from tests.layers.model import CHART, STORED, WRITTEN, Measured
from tests.layers.names import BARE, LAYERS, SQLITE
from tests.layers.not_taken import words
from tests.resilience.tables import table

HEAD = """\
# What limits each twin, layer by layer

CPU time of the server's processes for one `POST /chat` without model latency (the two bodies of the scenario `chat`)
and for one event of a stream: first of the bare server, which writes the same bytes without a framework, then with one
layer more at a time. The layers are the twin's own: its `create_app`, without what lies above the layer. All of a
target's servers are alive at once on one core and take turns in random order; every layer is compared with the one
before it inside the same block, and *added* has the mean of these differences with its 95% interval (Student's t over
blocks); where that interval holds 0, these blocks cannot tell whether the layer costs anything: the row says so and has
no share. {connections} connections, {slices} turns of {burst:g} s in each of {blocks} blocks. {pinning}.

{machine}; {taken:%Y-%m-%d %H:%M} UTC. Written by `python -m tests.layers --store` (about {minutes:g} minutes, on a
machine that does nothing else).
"""
QUICK = "\n**A {name} run: it shows that all of this works, and its figures are noise.**\n"
SAME = 0.03

LIMITS = {
    "fastapi-uvicorn": "One event loop on one core: whatever a request takes, all others wait for. The server "
    "itself is a parser in C and a loop in C, so nearly all of the time is Python that the framework, the contract and "
    "the agent run.",
    "flask-gevent": "One hub on one core, and a server in Python: parsing the request, making the WSGI environment and "
    "writing the answer are a large part by themselves, before any framework has run.",
    "flask-gthread": "As gevent, and each request goes through a queue to a thread of the pool and its connection back "
    "to the poller: switches between threads that all need the interpreter's one lock.",
    "flask-sync": "The plainest server and one request at a time; what it saves in switching it loses to a new "
    "connection for each request, because it keeps none.",
}
"""What limits each deployment, in words that no figure changes."""


def store(measured: Measured) -> None:
    """Write the file, the chart and the page."""
    STORED.write_text(measured.model_dump_json(indent=1) + "\n", "utf-8")
    CHART.write_text(drawn(measured), "utf-8")
    WRITTEN.write_text(page(measured), "utf-8")


def drawn(measured: Measured) -> str:
    """The chart."""
    return chart([costs(measured.chat, target) for target in targets(measured.chat)])


def page(measured: Measured) -> str:
    """The whole page."""
    return "\n".join(_lines(measured)) + "\n"


def _lines(measured: Measured) -> Iterator[str]:
    size = measured.size
    yield HEAD.format(**{**size.model_dump(), **measured.model_dump(include={"taken", "machine", "pinning"})})
    if size.name != "full":
        yield QUICK.format(name=size.name)
    yield "![CPU microseconds of POST /chat, a bar for each deployment, a piece for each layer](results/layers.svg)\n"
    yield "## What each layer is\n"
    heads, rows = ("layer", "FastAPI", "Flask"), [(one.name, one.fastapi, one.flask or "(none)") for one in LAYERS]
    yield words(heads, [(BARE, "loadtests/floors/asgi.py", "loadtests/floors/wsgi.py"), *rows])
    yield "## A request\n"
    for target in targets(measured.chat):
        yield from _section(costs(measured.chat, target), "a request")
    yield from _doubts(measured)
    if measured.stream:
        yield from _streams(measured)
    yield from not_taken.lines()


def _section(found: Costs, unit: str) -> Iterator[str]:
    yield f"### {load_targets()[found.target].title} (`{found.target}`)\n"
    if found.target in LIMITS and unit == "a request":
        yield f"{LIMITS[found.target]} {_largest(found)}\n"
    yield table(
        (f"CPU us for {unit}, with", "all", "added", "share", "times the floor"), [cells(row) for row in found.rows]
    )
    if found.check is not None:
        yield f"{_checked(found.check, found.twin)}\n"
    for row in found.apart:
        yield f"The twin with {row.layer}: {row.us:,.0f} us, {_told(row.added)}.\n"


def _largest(found: Costs) -> str:
    """The layers that take most, of those that were told from nothing, in a sentence."""
    most = sorted((row for row in found.rows if row.added.told), key=lambda row: -row.added.value)[:4]
    parts = ", ".join(f"{row.layer} {row.added.value / found.twin:.0%}" for row in most)
    rate = f"At this cost one core answers {1e6 / found.twin:,.0f} requests/s"
    return f"{rate}; of a request's {found.twin:,.0f} us: {parts}."


def cells(row: Row) -> tuple[str, ...]:
    """A row of the tables."""
    name = row.layer if row.layer in {BARE, SQLITE} else f"+ {row.layer}"
    times = "" if row.times is None else f"{row.times:.1f}"
    share = f"{row.share:.0%}" if row.added.told else units.DASH
    return name, f"{row.us:,.0f}", _told(row.added), share, times


def _told(added: Difference) -> str:
    within = "" if added.within is None else f" ±{added.within:,.0f}"
    return f"{added.value:+,.0f}{within}{', not told from 0' * (not added.told)}"


def _checked(check: Ratio, twin: float) -> str:
    """The sum of the layers against the twin as it is deployed."""
    said = f"Sum against the twin: `create_app` as deployed takes {twin:,.0f} us, {check.value:.3f}"
    if check.p is None:
        return f"{said} of the last line; too few blocks for an interval."
    same = check.low <= 1 <= check.high or abs(check.value - 1) <= SAME
    verdict = "the same within the noise" if same else "**not the same: a layer is missing or counted twice**"
    return f"{said} ({check.low:.3f} to {check.high:.3f}) of the last line: {verdict}."


def _streams(measured: Measured) -> Iterator[str]:
    yield "## An event of a stream\n"
    yield (
        f"{measured.size.streams} streams at once at 20 events/s, begun again when they end; what a stream's request "
        "takes is shared out among its events. `+ routing` is the framework's own streaming response, `+ request id "
        "and log` has everything around it (key, body, CORS, id, log), and the twin adds the agent's turn, an event "
        "made, encoded and counted.\n"
    )
    for target in targets(measured.stream):
        found = costs(measured.stream, target)
        twin = Row("agent and encoding", found.twin, found.over, found.over.value / found.twin, _times(found))
        rows = [cells(row) for row in (*found.rows, twin)]
        yield f"### {load_targets()[target].title} (`{target}`)\n"
        yield table(("CPU us for an event, with", "all", "added", "share", "times the floor"), rows)


def _times(found: Costs) -> float | None:
    """The twin in times of the bare server, where there is one."""
    return found.twin / found.rows[0].us if found.rows[0].layer == BARE else None


def _doubts(measured: Measured) -> Iterator[str]:
    """What the reader must know of cells that were not as they should be."""
    bad: Sequence[str] = [
        f"- {cell.target}, {cell.layer}, block {cell.block + 1}: {cell.errors} errors ({cell.problem}); left out."
        for cell in (*measured.chat, *measured.stream)
        if cell.errors
    ]
    least = min(measured.chat, key=lambda cell: cell.share)
    busiest = max(measured.chat, key=lambda cell: cell.busy)
    yield (
        f"The server had at least {least.share:.0%} of its core ({least.target}, {least.layer}), the load took at most "
        f"{busiest.busy:.0%} of its own ({busiest.target}, {busiest.layer}).\n"
    )
    yield from bad
