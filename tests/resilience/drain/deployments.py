"""Every kind of server with one worker and with four: the targets, and the twin of one where the file has none.

Rule: a twin that is made here differs from its target in the number of workers alone. Neighbours: `measure` (stops and
kills each of them), loadtests/targets.toml.
"""

from collections.abc import Mapping

from loadtests.targets import Target, load_services

MANY = 4


def deployments() -> tuple[Target, ...]:
    """All targets of ours in the file's order, each kind of server with 1 worker and with 4."""
    known = load_services()
    return tuple(each for target in known.values() for each in (target, *_missing(target, known)))


def _missing(target: Target, known: Mapping[str, Target]) -> tuple[Target, ...]:
    twin = MANY if target.workers == 1 else 1
    if any(each.server == target.server and each.workers == twin for each in known.values()):
        return ()
    return (with_workers(target, twin),)


def with_workers(target: Target, workers: int) -> Target:
    """The same command with another number of workers."""
    command = list(target.command)
    command[command.index("--workers") + 1] = str(workers)
    slots = target.slots and target.slots // target.workers * workers
    kind = target.name.removesuffix(f"-{MANY}")
    return target.model_copy(
        update={
            "name": kind if workers == 1 else f"{kind}-{workers}",
            "title": f"{target.title.partition(',')[0]}{f', {workers} workers' if workers > 1 else ''}",
            "workers": workers,
            "command": tuple(command),
            "slots": slots,
        }
    )
