"""Makes a client package from a server's document with openapi-python-client, and gives it to be called.

Rule: the package is used as it comes out, unedited, and whatever the generator says besides its greeting is an
error. It is imported under a name of its own, so two can be held side by side. Neighbours: `test_client`.
"""

import importlib
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx

KEY_HEADER = "X-API-Key"
CONFIG = "post_hooks: []  # they would only reformat what nobody reads\n"


@dataclass(frozen=True, slots=True)
class Generated:
    """A client package: its folder and its import name."""

    folder: Path
    name: str

    def module(self, path: str) -> ModuleType:
        """One of its modules: `models`, `api.chat.chat`."""
        return importlib.import_module(f"{self.name}.{path}")

    def model(self, name: str, **fields: Any) -> Any:
        """A value of one of its models."""
        return getattr(self.module("models"), name)(**fields)

    def is_a(self, value: Any, name: str) -> bool:
        """Whether a value is of this model of its own."""
        return isinstance(value, getattr(self.module("models"), name))

    def client(self, url: str, key: str | None) -> Any:
        """Its client for a server, with a key or without one."""
        package = importlib.import_module(self.name)
        if key is None:
            return package.Client(base_url=url)
        return package.AuthenticatedClient(base_url=url, token=key, prefix="", auth_header_name=KEY_HEADER)

    def operation(self, path: str) -> Callable[..., Any]:
        """One of its operations, as the function that returns status, headers and what was parsed."""
        called: Callable[..., Any] = self.module(f"api.{path}").sync_detailed
        return called

    def files(self) -> Mapping[str, bytes]:
        """All that was generated."""
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*.py")}


def generate(url: str, parent: Path, name: str) -> Generated:
    """The client of the document that is served at `url`, as `parent`/`name`, ready to be imported."""
    document, config, folder = parent / f"{name}.json", parent / "config.yaml", parent / name
    document.write_bytes(httpx.get(f"{url}/openapi.json").raise_for_status().content)
    config.write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document)]
    command += ["--config", str(config), "--meta", "none", "--output-path", str(folder), "--fail-on-warning"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    said = (done.stdout + done.stderr).strip()
    if done.returncode or said != f"Generating {folder}":
        raise AssertionError(f"openapi-python-client ended with {done.returncode} and said:\n{said}")
    return Generated(folder, name)
