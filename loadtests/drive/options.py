"""What the load adds to Locust's command line.

Rule: a master sends them to its workers with the word to begin, so what is said there is said once. What only this kit
sets is hidden on Locust's page. Neighbours: `hooks` reads them, `command` writes them.
"""

from __future__ import annotations

from typing import Any, Final

from locust.argument_parser import LocustArgumentParser

SENDING: Final = ("key", "rate", "arrivals", "seed", "timeout", "words")
SHARED: Final = ("max_in_flight", "connections")  # over all processes that send


def add_options(parser: LocustArgumentParser) -> None:
    """Teach them to Locust's command line."""
    group = parser.add_argument
    group("--key", env_var="PARITY_KEY", default="", is_secret=True, help="X-API-Key to send")
    group("--rate", type=float, default=0.0, help="Open loop: requests a second of each user (0: closed loop)")
    group("--arrivals", choices=("constant", "poisson"), default="constant", help="Open loop: how they come")
    group("--seed", type=int, default=1, help="Open loop: fixes the schedule of the arrivals")
    group("--timeout", type=float, default=30.0, help="Seconds for one whole request")
    group("--words", action="store_true", help="Check what streams say: the server's model is the kit's own")
    hidden: dict[str, Any] = {"include_in_web_ui": False}
    group("--max-in-flight", type=int, default=1_000, help="Open loop: more than this are dropped", **hidden)
    group("--connections", type=int, default=1_000, help="Open loop: more than this wait", **hidden)
    group("--warmup", type=float, default=0.0, help="Seconds at most that do not count", **hidden)
    group("--window", type=float, default=0.0, help="Seconds that count; then the test ends", **hidden)
    group("--parts", type=int, default=1, help="Open loop: processes that share the rate", **hidden)
    group("--begin", type=float, default=0.0, help="When the load begins, by the master's clock, set by it", **hidden)
    group("--parity-hosts", default="", help="Load hosts that the master waits for, with commas", **hidden)
    group("--parity-wait", type=float, default=0.0, help="Seconds for that", **hidden)
    group("--parity-refused", default="", help="File for what is said when they do not come", **hidden)
    group("--parity-rows", default="", help="Folder for the requests, with --window", **hidden)
    group("--parity-json", default="", help="File for the result, with --window", **hidden)
    if not parser.get_default("user_classes"):  # none named: one request, one stream, each with its figures
        parser.set_defaults(user_classes=["ChatUser", "StreamUser"])
