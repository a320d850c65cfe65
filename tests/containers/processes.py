"""The containers' commands as processes on this machine: the words of the files, with ports and folders of our own.

Rule: what a file says is run as it says it; only an address, a port or a folder is put in another's place. Whatever was
started has gone when its block ends. Neighbours: `files` (what is read), `test_running` (what must come of it).
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtests.targets import Target
from tests.containers import files
from tests.links import ROOT

KEY = {"PARITY_KEY": "container-key"}
SERVER_PROGRAMS = {"fastapi": "uvicorn", "flask": "gunicorn"}


def target(name: str) -> Target:
    """The twin of this name as compose.yaml (or the image) starts it."""
    command = tuple(files.services(KEY)[name].get("command") or files.image_command())
    return Target.model_validate(
        {
            "name": f"container-{name}",
            "title": f"{name} in its container",
            "framework": name,
            "server": SERVER_PROGRAMS[name],
            "workers": 1,
            "command": files.on_a_port(command),
        }
    )


def healthy(command: Sequence[str], port: int) -> bool:
    """Whether a HEALTHCHECK's words, with this port in the place of the container's, are content."""
    words = [str(word).replace(f":{files.PORT}/", f":{port}/").replace(":8089/", f":{port}/") for word in command]
    return subprocess.run(_ours(words), cwd=ROOT, capture_output=True, timeout=30, check=False).returncode == 0


def nginx_folder(folder: Path, listen: str, server: str) -> tuple[str, ...]:
    """Do as the image does with the templates, into this folder; the command that compose gives nginx, for it."""
    service = files.services(KEY)["nginx-fastapi"]
    values = {
        "PARITY_LISTEN": listen,
        "PARITY_LOG": str(folder / "access.log"),
        "PARITY_SERVERS": service["environment"]["PARITY_SERVERS"].replace(f"fastapi:{files.PORT}", server),
    }
    for source in (volume.partition(":")[0] for volume in service["volumes"]):
        text = (ROOT / source).read_text("utf-8")
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        (folder / Path(source).name).write_text(text, "utf-8")
    return tuple(word.replace("/run/nginx", str(folder)) for word in service["command"])


@contextmanager
def running(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """This command for the length of the block; SIGTERM then, and it must end within a container's ten seconds."""
    with log.open("ab") as output:
        process = subprocess.Popen(_ours(command), cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            yield
            process.terminate()
            process.wait(10)
        finally:
            process.kill()
            process.wait()


def _ours(command: Sequence[str]) -> list[str]:
    """With this Python in the place of the container's."""
    return [sys.executable, *command[1:]] if command[0] == "python" else list(command)
