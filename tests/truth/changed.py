"""The words of docs/calibration.md on what was profiled and changed in the generator; its numbers are in the tables."""

CHANGED = """\
## What was changed

- Locust's way of stopping keeps its hub busy for tens of ms; answers that were under way when the window closed were
  measured late, at any load. A round now waits for them before it stops. (Found by this calibration: at 30% CPU,
  TTFT and latency at p99 were tens of ms off the server's record.)
"""
