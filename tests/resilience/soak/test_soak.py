"""A short soak on the usual deployments: every deed, no broken promise; and growth is seen where there is some."""

import random
from pathlib import Path

import pytest

from loadtests import upstream
from loadtests.targets import DEFAULT_TARGETS, load_targets
from tests.conformance.fixtures import started
from tests.resilience.soak.model import Look, Soak
from tests.resilience.soak.users import DEEDS, User
from tests.resilience.soak.watch import SETTINGS, look


@pytest.mark.parametrize("name", DEFAULT_TARGETS)
def test_every_deed(name: str, tmp_path: Path) -> None:
    """One user does everything that the soak's users do, and finds every promise kept and the session whole."""
    with (
        upstream.running(log=tmp_path / "model.log") as model,
        started(load_targets()[name], {**model.settings, **SETTINGS}, tmp_path / "log") as launched,
    ):
        user = User(launched.subject, random.Random(name))
        for deed in DEEDS.values():
            deed.work(user)
        rss, threads, descriptors = look(launched.process)
        stats = model.stats()
    assert rss > 10
    assert threads >= 1
    assert descriptors > 3
    assert stats.cancelled >= 1
    assert user.answers["200"] >= 1
    assert sum(count for status, count in user.answers.items() if status in {"502", "504", "error"}) >= 1


def soak(rss: float, threads: int = 0) -> Soak:
    """A soak of 600 s in which the RSS rises by so many MiB a minute, and the threads by so many."""
    looks = tuple(
        Look(at=at, rss_mib=100 + rss * at / 60, threads=10 + threads * at // 60, descriptors=20)
        for at in range(0, 600, 10)
    )
    return Soak(target="made-up", seconds=600, looks=looks, done={}, answers={}, upstream={}, broken=())


def test_growth_is_seen() -> None:
    """Memory that rises by 2 MiB a minute and threads that rise by one are called growth; what stays is flat."""
    assert [growth.flat for growth in soak(0).growths()] == [True, True, True]
    assert [growth.flat for growth in soak(2).growths()] == [False, True, True]
    assert [growth.flat for growth in soak(0, threads=1).growths()] == [True, False, True]


def test_what_rises_in_the_warm_up_is_no_growth() -> None:
    """A pool that fills in the first sixth of the time is no leak."""
    filling = soak(0)
    looks = tuple(one.model_copy(update={"threads": min(100, int(one.at))}) for one in filling.looks)
    assert all(growth.flat for growth in filling.model_copy(update={"looks": looks}).growths())


def test_a_user_notices_a_lost_turn(tmp_path: Path) -> None:
    """A session that lacks a turn which the user saw completed is a broken promise."""
    with started(load_targets()[DEFAULT_TARGETS[0]], {}, tmp_path / "log") as launched:
        user = User(launched.subject, random.Random(1))
        DEEDS["chat"].work(user)
        user.server.delete(f"/sessions/{user.session}")
        with pytest.raises(AssertionError, match="0 messages stored, 2 were seen"):
            DEEDS["session compared"].work(user)
