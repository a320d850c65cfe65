"""The twins as process 1 of something next to a container: no engine, but the kernel's own namespaces."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from loadtests.serve import kept_port
from tests.conformance.poll import poll
from tests.conformance.subject import Subject, fresh
from tests.containers import files, processes
from tests.links import ROOT
from tests.requirements import skip_or_fail

BOX = Path(__file__).with_name("box.sh")
UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
SETTINGS = ("VALID_API_KEYS=boxed-key", "DRAIN_SECONDS=2", "SESSION_STORE=sqlite:////var/lib/parity/sessions.sqlite3")
USER = 10001


@contextmanager
def _boxed(name: str, port: int, log: Path) -> Iterator[tuple[Subject, psutil.Process]]:
    """The twin in a box of its own; gives its process 1 too."""
    words = files.services(processes.KEY)[name].get("command") or files.image_command()
    command = [str(word).replace(files.HOST, "127.0.0.1").replace(files.PORT, str(port)) for word in words]
    box = [*UNSHARE, "sh", str(BOX), str(log.parent), str(ROOT), sys.prefix, sys.base_prefix, *SETTINGS, *command]
    with log.open("wb") as output:
        outside = subprocess.Popen(box, stdout=output, stderr=output)
    subject = Subject(name=name, url=f"http://127.0.0.1:{port}", key="boxed-key", log=log)
    try:
        poll(lambda: outside.poll() is not None or _healthy(port), 30, f"{name} in a box")
        assert outside.poll() is None, log.read_text("utf-8", errors="replace")[-2000:]
        (inside,) = psutil.Process(outside.pid).children()
        yield subject, inside
        assert outside.wait(10) == 0
    finally:
        outside.kill()  # and by --kill-child all that is inside
        outside.wait()


def _healthy(port: int) -> bool:
    return processes.healthy(files.image_health(), port)


@pytest.mark.parametrize("name", ["fastapi", "flask"])
def test_as_in_a_container(name: str, tmp_path: Path) -> None:
    """As process 1, without root, capabilities or a file of its own to write, it serves, stores and ends on SIGTERM."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv", "chroot"))):
        skip_or_fail("namespaces", "run as root on Linux, with util-linux")
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        skip_or_fail("namespaces", "this container may make none; allow CAP_SYS_ADMIN")
    session = fresh()
    with kept_port() as port, _boxed(name, port, tmp_path / "box.log") as (server, inside):
        assert server.chat("hello", session).status == 200
        assert len(server.messages(session)) == 2
        assert set(inside.uids()) == {USER}
        status = Path(f"/proc/{inside.pid}/status").read_text("ascii")
        told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert told["NSpid"].split()[-1] == "1"
        assert {int(told[each], 16) for each in ("CapEff", "CapPrm", "CapBnd")} == {0}
        inside.send_signal(signal.SIGTERM)
        inside.wait(20)
