"""The soak's page, from the stored soak alone.

Rule: no number is typed by hand. Neighbours: `model`, `plot`.
"""

from collections.abc import Iterator

from tests.resilience.soak.model import WARMUP, Soak, Soaked

HEAD = """\
# Half an hour of everything at once

Each server, in front of a model of its own (`parity upstream`), under users that chat, stream, let tools be called, ask
the model to fail in every way it can, leave in the middle, send what is wrong, and compare their session with every
turn that they saw completed. Whatever is not as the contract says is a broken promise. After the warm-up
({warmup:.0f} min) memory, threads and descriptors must stay where they are. Measured by
`python -m tests.resilience soak --store`.
"""


def page(soaked: Soaked) -> str:
    """The whole page."""
    return "\n".join(_lines(soaked)) + "\n"


def _lines(soaked: Soaked) -> Iterator[str]:
    seconds = soaked.soaks[0].seconds
    yield HEAD.format(warmup=WARMUP * seconds / 60)
    yield f"{seconds / 60:.0f} minutes, all at the same time. {soaked.machine}. {soaked.taken:%Y-%m-%d %H:%M} UTC."
    yield "\n![Memory, threads and descriptors against time](../results/resilience/soak.svg)\n"
    yield "| | " + " | ".join(soak.target for soak in soaked.soaks) + " |"
    yield "|---|" + "---:|" * len(soaked.soaks)
    for place, growth in enumerate(soaked.soaks[0].growths()):
        told = (_told(soak, place) for soak in soaked.soaks)
        yield f"| {growth.name}: first and last third after the warm-up | " + " | ".join(told) + " |"
    yield "| broken promises | " + " | ".join(str(len(soak.broken)) for soak in soaked.soaks) + " |"
    yield from _counts("done", soaked.soaks)
    yield from _counts("answers", soaked.soaks, "answered ")
    yield from _counts("upstream", soaked.soaks, "the model's ")
    yield "\nAn answer of 200 or a last event `end` is a turn completed; 502 and 504 are the model's faults, asked for."
    for sentence in soaked.broken:
        yield f"- broken: {sentence}"


def _told(soak: Soak, place: int) -> str:
    growth = soak.growths()[place]
    return f"{growth.first:.0f}, {growth.last:.0f}{'' if growth.flat else ' **grew**'}"


def _counts(field: str, soaks: tuple[Soak, ...], prefix: str = "") -> Iterator[str]:
    names = sorted({name for soak in soaks for name in getattr(soak, field)})
    for name in names:
        yield f"| {prefix}{name} | " + " | ".join(f"{getattr(soak, field).get(name, 0):,}" for soak in soaks) + " |"
