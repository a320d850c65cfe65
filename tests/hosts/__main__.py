"""`python -m tests.hosts [--store | --page]`: a service on two hosts, loaded from two, measured in about eight minutes.

Rule: exit code 1 when a round's figures were not exactly those of its hosts, 2 where no network namespaces can be made.
Neighbours: `measure` plays it, `page` renders what `--store` keeps, `test_hosts` is the short version.
"""

import argparse
import sys

from loadtests.files import write
from loadtests.signals import INTERRUPTED, leave_on_sigterm
from tests.hosts import page
from tests.hosts.measure import BLOCKS, SECONDS, STORED, measure
from tests.hosts.net import why_not
from tests.hosts.site import missing


def main(words: list[str] | None = None) -> int:
    """Measure, tell, and keep it if asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.hosts", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--store", action="store_true", help="write docs/results/hosts.json and its part of the page")
    parser.add_argument("--page", action="store_true", help="write the page's part again; measure nothing")
    parser.add_argument("--blocks", type=int, default=BLOCKS, help="how often everything is played")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each round")
    options = parser.parse_args(words)
    leave_on_sigterm()
    if options.page:
        page.store()
        return 0
    if unable := [*missing().values(), *filter(None, (why_not(),))]:
        _say(f"hosts: this machine cannot do it: {'; '.join(unable)}")
        return 2
    try:
        measured = measure(_say, options.blocks, options.seconds)
    except KeyboardInterrupt:
        _say("hosts: interrupted; nothing is stored")
        return INTERRUPTED
    if options.store:
        write(STORED, measured.model_dump_json(indent=1) + "\n")
        page.store()
    _say(page.shown(measured))
    return int(not all(done.exact for done in measured.rounds))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
