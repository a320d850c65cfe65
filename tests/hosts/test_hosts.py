"""Two server hosts behind nginx with sessions in Redis, loaded by two hosts: what must hold over a network.

Rule: no time is asserted that a busy machine could break; whether a round was fit to be believed is told apart from
whether it was whole. Skipped where no network namespaces can be made, and the reason says why.
"""

import csv
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.drive import DriveResult
from loadtests.drive.client.chatstream import ChatStream
from loadtests.drive.client.http import Connection
from loadtests.drive.client.message import Endpoint, prepare
from loadtests.drive.command import LOCUSTFILE
from loadtests.drive.histogram import DIGITS
from loadtests.drive.result import FAILED
from tests.hosts.net import why_no_delay, why_not
from tests.hosts.site import DESK, LOADERS, PATIENCE, SERVERS, Site, missing, site, until
from tests.requirements import skip_or_fail

ITL = 0.02
STARVED = ("the generator's CPU was over", "the generator's hub was late")  # by a machine that does more than this


@pytest.fixture(scope="module", autouse=True)
def able() -> None:
    """What these tests need and a machine may not have."""
    for program, cure in missing().items():
        skip_or_fail(program, cure)
    if reason := why_not():
        skip_or_fail("netns", reason)


@pytest.fixture
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A twin on two hosts."""
    with site(request.param, tmp_path, {"SCRIPTED_ITL": str(ITL)}) as running:
        yield running


def ask(two: Site, method: str, path: str, body: object = None, host: str = "") -> tuple[int, bytes]:
    """One request from the desk: through nginx, or to one of the servers."""
    address = f"{two.net.addresses[host]}:8000" if host else two.url.removeprefix("http://")
    with two.net.inside(DESK):
        connection = http.client.HTTPConnection(address, timeout=30)
        headers = {"X-API-Key": two.key, "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def remembered(two: Site) -> None:
    """A turn that one host has answered is the other's history."""
    for number, host in enumerate(SERVERS):
        status, _ = ask(two, "POST", "/chat", {"message": f"word {number}", "session_id": "shared"}, host)
        assert status == 200
    for host in (*SERVERS, ""):
        _, stored = ask(two, "GET", "/sessions/shared", host=host)
        said = [message["content"] for message in json.loads(stored)["messages"] if message["role"] == "user"]
        assert said == ["word 0", "word 1"]
    _, reply = ask(two, "POST", "/chat", {"message": "what did I say first?", "session_id": "shared"}, SERVERS[1])
    assert "word 0" in json.loads(reply)["reply"]


def event_by_event(two: Site) -> None:
    """A stream through nginx comes as it is written: hardly two tokens in one read, spread over its whole time."""
    with two.net.inside(DESK):
        endpoint, stream = Endpoint.of(two.url), ChatStream()
        body = json.dumps({"message": "tell me of the sea"}).encode()
        headers = {"X-API-Key": two.key, "Content-Type": "application/json", "Accept": "*/*"}
        connection = Connection(endpoint, timeout=30)
        reply = connection.exchange(prepare(endpoint, "POST", "/chat/stream", headers, body), stream)
        connection.close()
    assert (reply.status, reply.failure, stream.problem) == (200, None, None)
    stamps = stream.stamps
    assert len(stamps) > 5
    assert len(set(stamps)) > 0.7 * len(stamps)
    assert stamps[-1] - stamps[0] > 0.7 * ITL * (len(stamps) - 1)


def exactly_merged(result: DriveResult, file: Path) -> None:
    """The figures of the round are those of all its requests, whichever host sent them."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    workers = result.generator.workers
    assert {sent.host for sent in workers} == {*LOADERS}
    assert result.requests.count == sum(sent.requests for sent in workers) == len(rows)
    assert all(sent.requests for sent in workers)
    assert result.latency_ms.count == result.requests.count - result.requests.errors
    latencies = sorted(1e3 * (float(row["end"]) - float(row["sent"])) for row in rows if not row["reason"])
    for percent in (50, 95, 99):
        exact = latencies[int(len(latencies) * percent / 100 + 0.5) - 1]  # the nearest rank
        assert getattr(result.latency_ms, f"p{percent}") == pytest.approx(exact, rel=10**-DIGITS, abs=0.002)


def whole(result: DriveResult) -> bool:
    """Whether nothing was wrong but, at most, that the machine had other things to do."""
    return all(reason.startswith(STARVED) for reason in result.generator.reasons)


def under_load(two: Site, befalls: Callable[[], None], *, warmup: float, seconds: float) -> DriveResult:
    """A round in whose middle something happens."""
    came: list[DriveResult] = []
    before = two.served()
    driving = threading.Thread(target=lambda: came.append(two.drive("chat", users=8, warmup=warmup, seconds=seconds)))
    driving.start()
    until(lambda: all((two.served() - before)[host] > 2 for host in SERVERS), "the load on both servers")
    befalls()
    driving.join()
    (result,) = came
    assert not result.generator.valid
    return result


def a_server_host_goes(two: Site) -> None:
    """Its cable is pulled in the middle: that costs errors, which are counted, and the other one goes on."""
    counted: list[int] = []

    def pulled() -> None:
        two.net.plug(SERVERS[1], into=False)
        counted.append(two.served()[SERVERS[0]])

    result = under_load(two, pulled, warmup=0.0, seconds=5.0)
    two.net.plug(SERVERS[1], into=True)
    assert result.requests.errors > 0
    assert FAILED in result.generator.reasons
    assert two.served()[SERVERS[0]] > counted[0] + 2


def a_worker_dies(two: Site) -> None:
    """A load host's generator is killed in the middle, but not its `parity worker`: the round is refused, by name."""
    (child,) = psutil.Process(two.workers[LOADERS[1]].pid).children()
    result = under_load(two, child.kill, warmup=0.5, seconds=3.0)
    assert "the load generator on load-2 was lost" in result.generator.reasons


MISHAPS = {"fastapi": a_server_host_goes, "flask": a_worker_dies}


@pytest.mark.parametrize(("two", "mishap"), MISHAPS.items(), ids=MISHAPS, indirect=["two"])
def test_two_hosts_are_one_service(two: Site, mishap: Callable[[Site], None]) -> None:
    """A turn on one host is remembered on the other, streams come event by event; what befalls a host costs the round
    that it happens in, and the next one is whole again, served by both hosts and exactly merged from both load hosts.
    """
    remembered(two)
    event_by_event(two)
    mishap(two)
    before, rows = two.served(), two.folder / "rows.csv"
    result = two.drive("stream", users=12, rows=rows)
    assert whole(result), result.generator.reasons
    exactly_merged(result, rows)
    served = two.served() - before
    assert all(served[host] for host in SERVERS)


@pytest.mark.parametrize("two", ["fastapi"], indirect=True)
def test_plain_locust_over_two_hosts(two: Site) -> None:
    """`locust --master` and two `locust --worker`, without the kit's command, show requests, TTFT, ITL and gaps."""
    common = (sys.executable, "-m", "locust", "-f", str(LOCUSTFILE))
    desk = two.net.addresses[DESK]
    listening = ("--master-bind-host", desk, "--master-bind-port", "5558", "--expect-workers", "2")
    load = ("-u", "4", "-r", "4", "-t", "2s", "-s", "3", "--host", two.url, "--key", two.key)
    for host in LOADERS:
        two.start(host, (*common, "--worker", "--master-host", desk, "--master-port", "5558"))
    with two.net.inside(DESK):
        done = subprocess.run(
            (*common, "--master", *listening, "--headless", "--json", *load),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    rows = {row["method"] for row in json.loads(done.stdout) if row["num_requests"]}
    assert rows == {"POST", "TTFT", "ITL", "GAP max"}


def test_a_slow_line_that_loses_packets(tmp_path: Path) -> None:
    """With 20 ms and 1% of the packets lost on every cable of the load hosts, rounds are whole and exactly merged."""
    if reason := why_no_delay():
        pytest.skip(reason)  # no package brings it: it is the kernel's
    with site("fastapi", tmp_path, {"SCRIPTED_ITL": str(ITL)}) as two:
        for host in LOADERS:
            two.net.shape(host, 20, 1)
        rows = tmp_path / "rows.csv"
        result = two.drive("stream", users=12, rows=rows, timeout=10.0)
        assert whole(result), result.generator.reasons
        exactly_merged(result, rows)
        assert result.latency_ms.p50 > 20
