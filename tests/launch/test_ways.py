"""The usual commands of each ecosystem start servers that keep the contract."""

from pathlib import Path

import pytest

from loadtests.targets import Target
from tests.conformance.fixtures import started
from tests.conformance.poll import poll
from tests.conformance.subject import fresh
from tests.launch.conftest import WAYS


@pytest.mark.clause("start.factory", "start.uvicorn", "start.fastapi-run", "start.gunicorn", "start.flask-run")
def test_serves(way: Target, tmp_path: Path) -> None:
    """The command starts a server that answers, streams, stores, refuses and logs, and ends on SIGTERM."""
    session, name = fresh(), fresh("id")
    with started(way, {}, tmp_path / "server.log") as launched:
        server = launched.subject
        assert server.chat("calculate 6 * 7", session).status == 200
        assert server.streamed("hello", session)[-1] == {"type": "end"}
        assert len(server.messages(session)) == 4
        assert server.get("/nope", ("X-Request-ID", name)).json()["error"] == "Not found"
        assert server.request("GET", f"/sessions/{session}").status == 401
        assert server.request("HEAD", "/health").status == 200
        assert server.log_line(name)["status"] == 404
        launched.process.terminate()
        launched.process.wait(5)
        poll(lambda: not launched.process.processes(), 5, "end of the last process")


@pytest.mark.clause("sessions.shared")
@pytest.mark.parametrize("name", ["uvicorn-workers", "gunicorn-gevent"])
def test_workers_share_sessions(name: str, tmp_path: Path) -> None:
    """Whatever worker a connection comes to, it finds the session."""
    session = fresh()
    with started(WAYS[name], {}, tmp_path / "server.log") as launched:
        for number in range(12):
            assert launched.subject.chat(f"turn {number}", session).status == 200
            assert len(launched.subject.messages(session)) == 2 * number + 2
