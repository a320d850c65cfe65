"""Chromium of this machine, driven by Playwright, with no way out to another host.

Rule: no case sees how it is found and started; a machine without it skips, or fails where it is promised to be there.
Neighbours: `browser/conftest.py` (a browser for each case), `clients/pages.py` (one for many cases).
"""

import shutil

from playwright.sync_api import Browser, Playwright

from tests.requirements import skip_or_fail

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT = 15_000.0  # ms
ARGUMENTS = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


def program() -> str:
    """Where Chromium is; the test is left when there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None) or skip_or_fail(
        "browser", "install Chromium, so that `chromium` is on the PATH"
    )


def launch(playwright: Playwright, executable: str, host: str, *more: str) -> Browser:
    """A browser that finds `host` and no other; `more`: rules of Chromium for names that lead somewhere else."""
    rules = ", ".join([*more, "MAP * ~NOTFOUND", f"EXCLUDE {host}"])
    return playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS, f"--host-resolver-rules={rules}"])
