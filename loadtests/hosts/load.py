"""A comparison whose load comes from other machines: the parts that it is made with, changed for that.

Rule: the servers stay on this machine, fresh for each round and watched as ever, but listen where the load hosts reach
them. What this machine's generator can drive says nothing of theirs, so no ceiling is sought; each host's CPU and
hub lag are held to the same limits. Neighbours: `compare` asks, `parts` and `bench` are what is changed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from loadtests.drive import DriveSpec
from loadtests.drive.result import DriveResult
from loadtests.hosts import Hosts
from loadtests.parts import Parts


def spread(parts: Parts, hosts: Hosts) -> Parts:
    """The same parts, with the load sent by these hosts."""
    bench = parts.bench

    def drive(spec: DriveSpec) -> DriveResult:
        return bench.drive(replace(spec, hosts=hosts))

    return replace(
        parts,
        bench=replace(bench, running=partial(bench.running, host=hosts.address), drive=drive),
        calibrate=lambda _: None,
    )
