"""`parity upstream`: an upstream in the terminal, with all that is needed to put a server in front of it.

Rule: a signal ends it at once; whoever is in front of it sees its calls break off. Neighbours: `server` (runs it),
`client` (what a server in front needs), `cli` (reads the options).
"""

from rich.console import Console

from loadtests.serve import new_key, url_of
from loadtests.serve.ports import checked_port
from loadtests.upstream.client import settings
from loadtests.upstream.options import Options
from loadtests.upstream.server import serve

__all__ = ["new_key", "run"]


def run(options: Options, host: str, port: int, console: Console) -> int:
    """Serve until Ctrl-C, and return the exit code; raises `UserError` for a port or a host that cannot be had."""
    checked_port(port, host)
    lines = welcome(options, url_of(host, port))
    try:
        serve(options, host, port, lambda: console.print(lines, highlight=False, soft_wrap=True, markup=False))
    except KeyboardInterrupt:  # uvicorn has ended the work, and passes the signal on
        console.print("\nstopped")
    return 0


def welcome(options: Options, url: str) -> str:
    """Where it is, with what key, and how to try it: lines that can be pasted."""
    curl = f"curl -H 'Authorization: Bearer {options.key}' -H 'Content-Type: application/json'"
    body = '{"model": "any", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'
    return "\n".join(
        (
            "",
            "The upstream is ready",
            f"  API   {url}/v1    counts  {url}/stats    calls  {url}/calls",
            f"  key   {options.key}",
            "",
            f"  {curl} -N -d '{body}' {url}/v1/chat/completions",
            "",
            "To put a server in front of it:",
            *(f"  export {name}={value}" for name, value in settings(url, options.key).items()),
            "  parity serve fastapi-uvicorn",
            "and say `/upstream cut` to it, or the name of any other fault.",
            "",
            "Ctrl-C stops it.",
            "",
        )
    )
