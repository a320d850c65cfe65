"""docs/hosts.md has the figures of the stored measurement, and no others."""

from loadtests.drive.result import Generator
from tests.hosts import page
from tests.hosts.measure import WAYS, Measured, Round


def test_the_page_is_of_the_stored_file() -> None:
    """What stands between the marks is what the stored file says; `python -m tests.hosts --page` writes it again."""
    assert page.BEGINS + page.figures() + page.ENDS in page.PAGE.read_text("utf-8")


def played(twin: str, throughput: float, *, valid: bool) -> Round:
    """A made-up round of chats through nginx."""
    return Round(
        twin=twin,
        scenario="chat",
        way=list(WAYS)[1],
        block=1,
        requests=100,
        errors=0,
        throughput=throughput,
        latency_p50=1.0,
        latency_p99=2.0,
        ttft_p50=None,
        ttft_p99=None,
        itl_p50=None,
        itl_p99=None,
        events_per_read=None,
        truncated=0,
        served={"server-1": 60, "server-2": 40},
        exact=True,
        generator=Generator(cpu_percent=1.0, hub_lag_p99_ms=0.1, valid=valid, reasons=()),
    )


def test_a_refused_round_is_counted_and_not_averaged() -> None:
    """The median is of the good rounds, how many were refused stands beside it, and the twins' ratio in its own row."""
    good, refused = played("fastapi", 30.0, valid=True), played("fastapi", 900.0, valid=False)
    rounds = (good, refused, played("flask", 20.0, valid=True))
    told = page.shown(
        Measured(measured_at="now", machine="this", cores="two", seconds=60, left_out="no netem", rounds=rounds)
    )
    assert "| fastapi | 1 of 2 | 30.00 | 1.00 | 2.00 | 60, 40 |" in told
    assert "| | fastapi / flask | | 1.50 \N{MULTIPLICATION SIGN} | 1.00" in told
    assert "Delay and loss were not measured: no netem." in told
