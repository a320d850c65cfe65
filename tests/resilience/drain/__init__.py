"""SIGTERM with 50 open streams, Ctrl-C, and a worker killed: who is told what, what is kept, and when all have gone."""

from tests.resilience.drain.measure import measure
from tests.resilience.drain.measured import DrainMeasured
from tests.resilience.drain.page import page
from tests.resilience.part import Part

PART = Part("drain", "SIGTERM with 50 open streams, kill -9 of a worker", 6, DrainMeasured, measure, page)
