"""`parity upstream`: says what one needs, is stopped by a signal, and refuses what it cannot use in one sentence."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import openai
import pytest

from loadtests.serve import kept_port
from tests.conformance.poll import poll

PROGRAM = [sys.executable, "-c", "from loadtests.cli import main; main()", "upstream"]


@contextmanager
def command(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """The command, running; ended with the block."""
    process = subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        with process:
            yield process
    finally:
        process.kill()


def welcome(process: "subprocess.Popen[str]") -> str:
    """What it says when it is ready."""
    assert process.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, f"it ended after {said!r}"
        said += line
    return said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"])
def test_it_says_what_one_needs(number: signal.Signals, code: int) -> None:
    """Its lines are what a client needs; a signal ends it, with a call open too, without a traceback."""
    with kept_port() as port, command("--port", str(port)) as process:
        said = dict(re.findall(r"export (\w+)=(\S+)", welcome(process)))
        assert said["AGENT_MODEL"] == "openai"
        with openai.OpenAI(base_url=said["OPENAI_BASE_URL"], api_key=said["OPENAI_API_KEY"], max_retries=0) as client:
            question = {"role": "user", "content": "/upstream stall"}
            stream = client.chat.completions.create(model=said["OPENAI_MODEL"], messages=[question], stream=True)  # type: ignore[list-item]  # a message
            next(iter(stream))
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
            with pytest.raises(openai.APIConnectionError):
                list(stream)
    assert process.returncode == code
    assert err == "", out


def test_a_port_that_is_taken() -> None:
    """A second one on the same port is told so, and what to do."""
    with kept_port() as port, command("--port", str(port)) as first:
        welcome(first)
        done = subprocess.run([*PROGRAM, "--port", str(port)], capture_output=True, text=True, timeout=30, check=False)
        first.send_signal(signal.SIGINT)
        poll(lambda: first.poll() is not None, 20, "end of the first")
    assert (done.returncode, done.stderr) == (2, f"parity: port {port} is taken; choose another with --port\n")


def test_a_fault_that_there_is_not() -> None:
    """An unknown fault is told with the known ones."""
    words = ["--faults", "stal", "--fault-rate", "0.1"]
    done = subprocess.run([*PROGRAM, *words], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("parity: there is no fault 'stal'; did you mean stall? The known ones: hang, ")
