"""Sessions through running servers: many turns at once, workers that are killed, stores that break, and what waits.

Rule: the promises are the contract's; a part of it that a machine cannot play is listed with its reason.
Neighbours: `measure` (plays everything), `page` (shows it), `test_sessions` (the short version).
"""

from tests.resilience.part import Part
from tests.resilience.sessions.measure import measure
from tests.resilience.sessions.measured import SessionsMeasured
from tests.resilience.sessions.page import page

PART = Part("sessions", "stores that break, workers that die", 8, SessionsMeasured, measure, page)
