"""The containers' own commands, as processes on 127.0.0.1: healthy, behind nginx, drained, put under load."""

import http.client
import json
import os
import shutil
import signal
import socket
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadtests.serve import kept_port
from tests.conformance import events
from tests.conformance.fixtures import Launched, started
from tests.conformance.poll import poll
from tests.conformance.subject import Subject, fresh
from tests.containers import files, processes
from tests.requirements import skip_or_fail

TWINS = ("fastapi", "flask")


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """compose's Redis, on a port and in a folder of its own; gives its URL."""
    if shutil.which("redis-server") is None:
        skip_or_fail("redis", "apt-get install redis-server, or put the program on PATH")
    with kept_port() as port:
        words = [word.replace("/data", str(folder)) for word in files.services(processes.KEY)["redis"]["command"]]
        with processes.running([*words, "--port", str(port), "--bind", "127.0.0.1"], folder / "redis.log"):
            poll(lambda: _listens(port), 20, "Redis")
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _served(name: str, folder: Path) -> Iterator[Launched]:
    """A twin with the environment that compose gives it."""
    with _redis(folder) as store:
        settings = {**files.services(processes.KEY)[name]["environment"], "SESSION_STORE": store}
        with started(processes.target(name), settings, folder / "server.log") as launched:
            yield Launched(_with_key(launched.subject, launched.subject.url), launched.process)


@contextmanager
def _in_front(launched: Launched, folder: Path) -> Iterator[Subject]:
    """The same server through compose's nginx."""
    if shutil.which("nginx") is None:
        skip_or_fail("nginx", "apt-get install nginx, or put the program on PATH")
    with kept_port() as port:
        command = processes.nginx_folder(folder, f"127.0.0.1:{port}", f"127.0.0.1:{launched.process.port}")
        with processes.running(command, folder / "nginx.log"):
            poll(lambda: _listens(port), 20, "nginx")
            yield _with_key(launched.subject, f"http://127.0.0.1:{port}")


def _with_key(subject: Subject, url: str) -> Subject:
    key = processes.KEY["PARITY_KEY"]
    return Subject(name=subject.name, url=url, key=key, log=subject.log, server=subject.server)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("name", TWINS)
def test_healthy_and_drained(name: str, tmp_path: Path) -> None:
    """HEALTHCHECK is content, until SIGTERM; then the probes tell a pod that drains from a dead one, the open stream
    ends whole, and all has gone within compose's grace."""
    grace = files.seconds(files.services(processes.KEY)[name]["stop_grace_period"])
    with _served(name, tmp_path) as launched:
        server, port = launched.subject, launched.process.port
        assert processes.healthy(files.image_health(), port)
        with server.stream("hello") as stream:
            stream.until("token")
            launched.process.terminate()
            told = time.monotonic()
            poll(lambda: server.get("/health").status == 503, 5, "readiness probe that fails")
            assert server.get("/docs").status == 200  # the liveness probe
            assert not processes.healthy(files.image_health(), port)
            assert events.kinds(stream.events())[-1] == "end"
        assert launched.process.wait(grace) in {0, -signal.SIGTERM}  # uvicorn ends as if the signal had killed it
        poll(lambda: not launched.process.processes(), grace, "end of the last process")
        assert time.monotonic() - told < grace
        assert not processes.healthy(files.image_health(), port)


@pytest.mark.parametrize("name", TWINS)
def test_through_nginx(name: str, tmp_path: Path) -> None:
    """A turn and a stream go through nginx as compose sets it, each event as it comes, into Redis and out of it."""
    with _served(name, tmp_path) as launched, _in_front(launched, tmp_path) as server:
        session = fresh()
        assert server.chat("calculate 6 * 7", session).status == 200
        with server.stream("what did I say first?", session) as stream:
            timed = list(stream.timed())
        assert events.kinds(event for _, event in timed)[-1] == "end"
        assert len({at for at, _ in timed}) > len(timed) / 2  # a proxy that buffers would give all in one read
        assert len(server.messages(session)) == 4
        assert server.get("/nope").json()["error"] == "Not found"


def test_locust(tmp_path: Path) -> None:
    """Master and workers find each other, the page is healthy by its own check, and load with the key gets through."""
    with _served("fastapi", tmp_path) as launched, kept_port() as page, kept_port() as bus:
        environment = {**os.environ, **processes.KEY}
        services = files.services(processes.KEY)
        hosts = {"http://nginx-fastapi:8080": launched.subject.url, "locust-master": "127.0.0.1"}
        master, worker = (
            [hosts.get(word, word) for word in services[name]["command"]] for name in ("locust-master", "locust-worker")
        )
        master += ["--web-host", "127.0.0.1", "--web-port", str(page)]
        master += ["--master-bind-host", "127.0.0.1", "--master-bind-port", str(bus)]
        worker += ["--master-port", str(bus)]
        with processes.running(master, tmp_path / "master.log", environment):
            check = services["locust-master"]["healthcheck"]["test"][1:]
            poll(lambda: processes.healthy(check, page), 30, "healthy page of Locust's")
            with (
                processes.running(worker, tmp_path / "worker-1.log", environment),
                processes.running(worker, tmp_path / "worker-2.log", environment),
            ):
                poll(lambda: len(_locust(page, "/stats/requests")["workers"]) == 2, 30, "second worker")
                _locust(page, "/swarm", {"user_count": "4", "spawn_rate": "4", "host": launched.subject.url})
                poll(lambda: _total(page)["num_requests"] >= 4, 30, "requests")
                assert _total(page)["num_failures"] == 0
                _locust(page, "/stop", {})


def _total(page: int) -> dict[str, int]:
    found: dict[str, int] = _locust(page, "/stats/requests")["stats"][-1]
    return found


def _locust(page: int, path: str, form: dict[str, str] | None = None) -> dict[str, list[dict[str, int]]]:
    """What Locust's page answers at this path, as its own script asks it."""
    connection = http.client.HTTPConnection("127.0.0.1", page, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
    try:
        connection.request("POST" if form is not None else "GET", path, urllib.parse.urlencode(form or {}), headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert answer.status == 200, body[:500]
    told: dict[str, list[dict[str, int]]] = json.loads(body)
    return told
