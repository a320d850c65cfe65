"""Clients that leave, in every situation, on every target: how soon the upstream knows, and what is left open."""

from tests.resilience.cancellation.measure import Cancellation, measure
from tests.resilience.cancellation.page import page
from tests.resilience.part import Part

PART = Part("cancellation", "clients that leave, and how soon the upstream knows", 4, Cancellation, measure, page)
