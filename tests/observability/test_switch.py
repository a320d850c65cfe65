"""Off unless set: then nothing is imported and nothing served; what is set and cannot be is refused in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.subject import fresh

SERVERS = {
    "fastapi": "from fastapi_impl.app import create_app; from starlette.testclient import TestClient as Client",
    "flask": "from flask_impl.app import create_app; from flask.testing import FlaskClient as Client",
}
OURS = ("prometheus_client", "opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.instrumentation")
"""Not OpenTelemetry's API package, which FastAPI imports by itself: without the rest it does nothing."""
LIBRARIES = f"[m for m in sys.modules if m.startswith({OURS!r})]"


def _run(twin: str, code: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """The code in a process of its own, with the server's `create_app` and a client class at hand."""
    return subprocess.run(
        [sys.executable, "-c", f"import json, sys; {SERVERS[twin]}; {code}"],
        env={"SESSION_STORE": "memory://", **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("twin", SERVERS)
def test_off_is_off(twin: str) -> None:
    """Unset, /metrics is an unknown address like any other, and neither library is imported."""
    asked = f"""
client = Client(create_app())
answers = [client.get(path) for path in ("/metrics", "/{fresh()}")]
print(json.dumps([[a.status_code for a in answers], answers[0].text == answers[1].text, {LIBRARIES}]))
"""
    ran = _run(twin, asked.strip("\n"))
    assert json.loads(ran.stdout) == [[404, 404], True, []], ran.stderr


@pytest.mark.parametrize("twin", SERVERS)
def test_on_is_on(twin: str, tmp_path: Path) -> None:
    """The same question with both set finds both: the test above can fail."""
    where = {"METRICS_DIR": str(tmp_path / "new" / "metrics"), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    ran = _run(twin, f"print(Client(create_app()).get('/metrics').status_code, len({LIBRARIES}) > 20)", **where)
    assert ran.stdout == "200 True\n", ran.stderr
    assert not _run(twin, f"create_app(); print({LIBRARIES})", **where, OTEL_TRACES_EXPORTER="none").stdout.count(
        "opentel"
    )


@pytest.mark.parametrize("twin", SERVERS)
@pytest.mark.parametrize(
    ("setting", "library"), [("METRICS_DIR", "prometheus_client"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry.sdk")]
)
def test_library_that_is_missing(twin: str, setting: str, library: str) -> None:
    """A setting whose library is not installed is refused, with what installs it."""
    ran = _run(twin, f"sys.modules['{library}'] = None; create_app()", **{setting: "/tmp/x"})
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr.startswith(f"parity: {setting} is set, but {library}")
    assert " is not installed: run pip install '.[observability]' in the kit's folder" in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("twin", SERVERS)
def test_folder_of_no_use(twin: str, tmp_path: Path) -> None:
    """A METRICS_DIR that is no folder is refused in one sentence that names it and its cure."""
    (tmp_path / "file").write_text("no folder")
    ran = _run(twin, "create_app()", METRICS_DIR=str(tmp_path / "file"))
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr.startswith(f"parity: METRICS_DIR={str(tmp_path / 'file')!r} cannot be used: ")
    assert ran.stderr.count("\n") == 1


def test_client_library_imported_too_early(tmp_path: Path) -> None:
    """Where the library would count in each process alone, the app is refused: the sums would be wrong in silence."""
    ran = _run("fastapi", "import prometheus_client; create_app()", METRICS_DIR=str(tmp_path))
    assert ran.returncode == 3
    assert "imported before the app was made" in ran.stderr
