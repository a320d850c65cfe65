"""Limits: too many streams, readers and senders that are slow, ten thousand idle connections, heads that are too much.

Rule: what a server promises is judged (`judge`), what its program cannot do is measured and said (`page`). Neighbours:
`course` (the whole measurement), `attacks` (the table), `test_limits` (the short version).
"""

from tests.resilience.limits.course import measure
from tests.resilience.limits.measured import Limits
from tests.resilience.limits.page import page
from tests.resilience.part import Part

PART = Part("limits", "limits and slow peers", 9, Limits, measure, page)
