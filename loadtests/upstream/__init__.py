"""An OpenAI-compatible server to test against: known words, a known pace, faults on demand, and every token counted.

A call's way: `app` -> `asked` -> `score` -> `player` -> bytes, in a process of its own (`server`). From outside:
`running` starts one for a block, `parity upstream` in the terminal (`foreground`), `FAULTS` says what each fault must
come to. Of `shared` it uses the scripted agent's words, so that a server in front replies as it always does.
"""

from loadtests.upstream.client import Upstream, running, settings
from loadtests.upstream.faults import FAULTS, SECRET, Answer, Fault
from loadtests.upstream.ledger import Call, Stats
from loadtests.upstream.options import MODEL

__all__ = ["FAULTS", "MODEL", "SECRET", "Answer", "Call", "Fault", "Stats", "Upstream", "running", "settings"]
