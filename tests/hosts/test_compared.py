"""`parity compare --workers` with real processes: a load host dies in the middle of a round, and is back or stays away.

Rule: nothing is asserted of how fast. A busy machine may have a round refused for more than is said here, not for less.
Neighbours: `compared` (the command), `test_workers` (the load hosts), `test_hosts` (the same of one `parity drive`).
"""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import psutil

from loadtests import results
from loadtests.records import Round
from loadtests.serve import ROOT, RUN_MARK, kept_port, tree
from tests.hosts.site import PATIENCE, until
from tests.hosts.test_workers import generator, worker

COMPARE = (sys.executable, "-m", "tests.hosts.compared", "compare", "fastapi-uvicorn", "--only", "chat", "--no-floors")
LOST = "the load generator on load-2 was lost"
WAIT = 10.0


def loads(host: "subprocess.Popen[bytes]", master: int) -> bool:
    """Whether its generator has a connection to a server now."""
    sending = generator(host)
    try:
        connections = sending.net_connections("tcp") if sending else []
    except psutil.NoSuchProcess:  # its round is over
        return False
    return any(one.status == psutil.CONN_ESTABLISHED and one.raddr.port != master for one in connections)


def killed_in_the_middle(host: "subprocess.Popen[bytes]", master: int) -> None:
    """Both of its processes while it loads, the first one first: nothing starts the other again."""
    until(lambda: loads(host, master), "the load")
    sending = generator(host)
    assert sending is not None
    host.kill()
    sending.kill()


def stored(folder: Path) -> int:
    """How many rounds are on disk."""
    return len(list(folder.glob("*/rounds/*.json")))


def senders(played: Round) -> set[str]:
    """The hosts that sent requests which count."""
    return {sent.host for driven in played.drives for sent in driven.result.generator.workers if sent.requests}


def test_a_lost_load_host_costs_its_round_and_ends_the_run_only_when_it_stays_away(tmp_path: Path) -> None:
    """The round whose host was killed is refused by name, and the next one waits until it is back and is played by
    both; gone again, it is waited for, and the run ends with exit code 2, the report of its rounds, and what to run.
    """
    mark = uuid.uuid4().hex
    with kept_port() as port, worker(port, "load-1") as steady:
        asked = ("--workers", "load-1,load-2", "--listen", f"127.0.0.1:{port}", "--workers-wait", f"{WAIT:g}")
        with subprocess.Popen(
            (*COMPARE, *asked, "--out", str(tmp_path)),
            cwd=ROOT,
            env=os.environ | {RUN_MARK: mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as comparing:
            try:
                with worker(port, "load-2") as first:
                    killed_in_the_middle(first, port)
                    until(lambda: stored(tmp_path) == 1, "the end of the round that has lost it")
                with worker(port, "load-2"):
                    until(lambda: stored(tmp_path) == 2, "a round with the host that is back")
                shown, said = comparing.communicate(timeout=PATIENCE)
                assert tree.marked(RUN_MARK, mark) == []
            finally:
                tree.kill(tree.marked(RUN_MARK, mark))
        assert steady.poll() is None
    told = (
        f"parity: load-2 did not come within {WAIT:g} s; run on load-2: parity worker --master 127.0.0.1:{port} --name"
    )
    assert (comparing.returncode, told in said) == (2, True), said
    (folder,) = tmp_path.iterdir()
    run = results.load(folder)
    lost, whole, *_ = run.rounds  # on a very busy machine it is gone in the middle of the third
    assert LOST in lost.reasons
    assert LOST not in whole.reasons
    assert (senders(lost), senders(whole)) == ({"load-1"}, {"load-1", "load-2"})
    assert run.ending is not None
    assert run.ending.why == "failed"
    assert (folder / "report.html").is_file()
    assert "This run was cut short" in shown
