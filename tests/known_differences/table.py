"""The known differences between the two servers, all of them, in the order of the page.

Rule: an id stands once; whatever else differs is a defect. Neighbours: `difference` (a row), `rows` (the table's
parts), `test_differences` (pins both sides), `__main__` (writes the page).
"""

from tests.known_differences.difference import Concerned, Difference
from tests.known_differences.rows.connections import CONNECTIONS
from tests.known_differences.rows.framing import FRAMING
from tests.known_differences.rows.limits import LIMITS
from tests.known_differences.rows.proxies import PROXIES
from tests.known_differences.rows.syntax import SYNTAX

_ORDER = list(Concerned)
_ROWS = (*PROXIES, *LIMITS, *FRAMING, *CONNECTIONS, *SYNTAX)

DIFFERENCES: tuple[Difference, ...] = tuple(sorted(_ROWS, key=lambda row: _ORDER.index(row.concerned)))
