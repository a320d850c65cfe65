"""A few promises on each deployment that the suite is not run on every time: those that the server program decides.

Rule: one server for a deployment, a handful of turns; `parity verify NAME` is the whole suite. Neighbours:
`tests/conformance` has the promises, docs/deployments.md the deployments.
"""

from pathlib import Path

import pytest

from loadtests.targets import Target, load_targets, pick
from tests.conformance.events import kinds
from tests.conformance.fixtures import started
from tests.conformance.poll import poll
from tests.conformance.subject import fresh

OTHERS = pick(load_targets(), ("fastapi-gunicorn-4", "fastapi-uvicorn-worker-4", "flask-sync-4"))
"""What the usual three are not: gunicorn's asgi worker, uvicorn in gunicorn, no keep-alive; several workers each."""
SLOW = {"SCRIPTED_ITL": "0.05", "DRAIN_SECONDS": "1", "STREAM_HEARTBEAT": "1"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("target", OTHERS, ids=lambda target: target.name)
def test_what_the_server_program_decides(target: Target, tmp_path: Path) -> None:
    """Turns of a session are kept whichever worker has them, a stream that is left is given up, SIGTERM drains."""
    with started(target, SLOW, tmp_path / "server.log") as launched:
        server, session, name = launched.subject, fresh(), fresh("id")
        turns = [f"calculate {number} + 1" for number in range(6)]
        for turn in turns:
            assert server.chat(turn, session).status == 200
        said = [message["content"] for message in server.messages(session) if message["role"] == "user"]
        assert said == turns
        with server.stream("hello", fresh(), ("X-Request-ID", name)) as stream:
            stream.until("token")
        assert server.log_line(name)["outcome"] == "disconnected"
        with server.stream("x" * 400) as stream:
            stream.until("token")
            launched.process.terminate()
            events = list(stream.events())
        assert (kinds(events)[-1], events[-1]["error"]) == ("error", "Service unavailable")
        poll(lambda: not launched.process.processes(), 10, "end of the last process")
