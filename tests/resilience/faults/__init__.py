"""Every fault of a model, on both routes of every target: the promised answer in time, and nothing left open."""

from tests.resilience.faults.measure import Faults, measure
from tests.resilience.faults.page import page
from tests.resilience.part import Part

PART = Part("faults", "every fault of the upstream on both routes", 4, Faults, measure, page)
