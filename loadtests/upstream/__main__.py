"""`python -m loadtests.upstream HOST PORT OPTIONS`: what `client.running` starts; people use `parity upstream`."""

import sys

from loadtests.upstream.options import Options
from loadtests.upstream.server import serve

host, port, options = sys.argv[1:]
serve(Options.model_validate_json(options), host, int(port))
