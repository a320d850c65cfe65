"""Load from several hosts, the parts that need no network: who has come, another clock, which one starved."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from rich.console import Console

from loadtests.bench import Bench, Running
from loadtests.drive import DriveFailed, DriveResult, DriveSpec
from loadtests.drive.histogram import Durations
from loadtests.drive.result import MAX_CPU, judge
from loadtests.drive.totals import Tally, Totals, merge, sent_by
from loadtests.errors import UserError
from loadtests.hosts import Hosts, endpoint, hosts_of
from loadtests.hosts.clock import Clock
from loadtests.hosts.kit import differences, kit
from loadtests.hosts.load import spread
from loadtests.hosts.muster import Hello, Muster
from loadtests.parts import Parts
from loadtests.serve import NotReady

HOSTS = Hosts(("load-1", "load-2"), "10.0.0.1", wait=5.0)
KIT = {"the kit's loadtests folder": "abc", "Python": "3.11"}
ONE = Hello("load-1", crew="one", of=1, kit=KIT, error=0.001)
TWO = replace(ONE, host="load-2", crew="two")

MUSTERS: Mapping[str, tuple[tuple[Hello, ...], str | None, tuple[str, ...]]] = {
    "both": ((ONE, TWO), None, ()),
    "nobody": ((), None, ("load-1", "load-2")),
    "one": ((TWO,), None, ("load-1",)),
    "a stranger beside them": ((ONE, TWO, replace(ONE, host="load-9", kit={})), None, ()),
    "another version": ((ONE, replace(TWO, kit={**KIT, "Python": "3.12"})), "Python is 3.12 there and 3.11 here", ()),
    "more processes": ((ONE, replace(TWO, of=2)), "load-2 runs 2 processes, and 1 is asked for", ()),
    "a name twice": ((ONE, TWO, replace(TWO, crew="three")), "two load hosts came as load-2", ("load-2",)),
    "one that died and came again": ((ONE, TWO, TWO), None, ("load-2",)),
}


@pytest.mark.parametrize(("come", "refusal", "missing"), MUSTERS.values(), ids=MUSTERS)
def test_who_has_come(come: tuple[Hello, ...], refusal: str | None, missing: tuple[str, ...]) -> None:
    """Each host that was asked for takes part whole, once and in this version, or it is said which does not."""
    muster = Muster(HOSTS, KIT, come)
    assert muster.missing == missing
    if refusal is None:
        assert muster.refusal is None
    else:
        assert muster.refusal is not None
        assert refusal in muster.refusal.why


def test_the_cure_is_a_command() -> None:
    """Who did not come is told with what to run there, and who came instead."""
    told = Muster(HOSTS, KIT, (TWO, replace(ONE, host="load-9"))).told
    assert told.startswith("load-1 did not come within 5 s; run on load-1: parity worker --master 10.0.0.1:5557")
    assert told.endswith("--name load-1 (and let 10.0.0.1:5557 be reached from there); load-9 came, "
                         "which --workers does not name")  # fmt: skip


def test_a_worker_that_speaks_otherwise() -> None:
    """What another version says of itself is no error here, but another version."""
    hello = Hello.heard({"host": "load-1", "speed": 9})
    refusal = Muster(HOSTS, KIT, (hello, TWO)).refusal
    assert refusal is not None
    assert "the kit's loadtests folder is missing there and abc here" in refusal.why


def test_this_kit_is_like_itself() -> None:
    """Two looks at one version of the kit differ in nothing."""
    assert differences(kit(), kit()) == ()


@pytest.mark.parametrize("ahead", [-3_600.0, 0.0, 1e9], ids=str)
def test_a_clock_elsewhere_is_read_within_its_error(ahead: float) -> None:
    """However far a clock is ahead, and however lopsided its answers are, it is read to within what is claimed."""
    clock, chance, now = Clock(), random.Random(1), 100.0
    assert not clock.known
    for _ in range(20):
        out, back = chance.expovariate(100), chance.expovariate(1_000)
        clock.heard(now, now + out + ahead, now + out + back)
        now += out + back
    assert clock.known
    assert abs(clock.ours(now + ahead) - now) <= clock.error + 1e-6
    assert clock.error < 0.005


GIVEN: Mapping[str, tuple[str | None, str | None, str]] = {
    "no address": ("a,b", None, "needs --listen"),
    "no hosts": (None, "127.0.0.1", "name them with --workers"),
    "twice": ("a,a", "127.0.0.1", "each load host once"),
    "an empty one": ("a,", "127.0.0.1", "each load host once"),
    "no address of this machine": ("a", "203.0.113.9", "no address of this machine"),
    "no port": ("a", "127.0.0.1:x", "HOST[:PORT]"),
}


@pytest.mark.parametrize(("workers", "listen", "told"), GIVEN.values(), ids=GIVEN)
def test_options_that_make_no_sense(workers: str | None, listen: str | None, told: str) -> None:
    """What cannot be is a sentence with its cure."""
    with pytest.raises(UserError) as refused:
        hosts_of(workers, listen)
    assert told in str(refused.value)


def test_options() -> None:
    """Names and an address are enough; without them there are no load hosts."""
    assert hosts_of(None, None) is None
    assert endpoint("desk:6000", "--listen") == ("desk", 6000)
    assert Hosts(("a", "b"), "10.0.0.1", processes=3).workers == 6


def totals(cpu: float, lag: float, count: int = 10) -> Totals:
    """What a worker did, with this health."""
    lags = Durations()
    lags.extend([lag] * 100)
    whole = Tally(count=count, done=count, histograms={})
    return Totals(seconds=1.0, whole=whole, cpu_percent=cpu, hub_lag=lags.encode(), started_at=0.0)


STARVED: Mapping[str, tuple[tuple[float, float], tuple[str, ...]]] = {
    "none": ((20.0, 0.0001), ()),
    "by CPU": ((MAX_CPU + 1, 0.0001), ("the generator's CPU was over 60% on load-2",)),
    "by lag": ((20.0, 0.009), ("the generator's hub was late by over 2 ms at p99 on load-2",)),
}


@pytest.mark.parametrize(("health", "reasons"), STARVED.values(), ids=STARVED)
def test_one_starved_host_spoils_the_round(health: tuple[float, float], reasons: tuple[str, ...]) -> None:
    """However well the others are: the round is refused, and the host is named."""
    parts = [sent_by("load-1", 0.001, totals(20.0, 0.0001, 5_000)), sent_by("load-2", 0.002, totals(*health))]
    judged = judge(merge(parts))
    assert judged.reasons == reasons
    assert [sent.host for sent in judged.workers] == ["load-1", "load-2"]
    assert [sent.requests for sent in judged.workers] == [5_000, 10]


def test_a_comparison_over_hosts() -> None:
    """Its servers listen where the load hosts reach them, its rounds are theirs, and no ceiling is sought here."""
    asked: list[object] = []

    def running(*_: object, **given: object) -> AbstractContextManager[Running]:
        asked.append(given["host"])
        raise NotReady("enough")

    def drive(spec: DriveSpec) -> DriveResult:
        asked.append(spec.hosts)
        raise DriveFailed("enough")

    parts = spread(Parts(bench=Bench(running=running, drive=drive)), HOSTS)
    with pytest.raises(NotReady):
        parts.bench.running("a target", log=None)
    with pytest.raises(DriveFailed):
        parts.bench.drive(DriveSpec("chat", "http://10.0.0.1:1", "key"))
    assert asked == ["10.0.0.1", HOSTS]
    assert parts.calibrate(Console()) is None
