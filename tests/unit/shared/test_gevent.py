"""The same tests under gevent, in a process of their own: what is a thread elsewhere is a greenlet there."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PATCH = "from gevent import monkey; monkey.patch_all()"
RUN = "import pytest, sys; sys.exit(pytest.main(sys.argv[1:]))"
POLLED = ("thread and not loop", "test_polled.py")
CLIENT = ("sync and (closed or one_connection) or tls", "openai/test_client.py")
RUNS = {
    "polled, patched first": (f"{PATCH}; {RUN}", POLLED),
    "polled, patched later": (f"import shared.agent.polled_models; {PATCH}; {RUN}", POLLED),
    "openai, patched first": (f"{PATCH}; {RUN}", CLIENT),
}


@pytest.mark.parametrize("run", RUNS)
def test_under_gevent(run: str) -> None:
    """Calls by code that blocks work, are cancelled and leave nothing behind, whenever the patch was made."""
    code, (only, file) = RUNS[run]
    options = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-k", only, str(HERE / file)]
    command = [sys.executable, "-W", "ignore", "-c", code, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
