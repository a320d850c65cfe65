"""The words of docs/calibration.md on what was profiled and changed in the generator; its numbers are in the tables."""

CHANGED = """\
## What was profiled, and what was changed

Profiled with py-spy, and with the generator's own CPU time over the events that it had read.

- **A socket is read in the hub.** A greenlet that waits for a socket starts and stops a watcher (two `epoll_ctl`), and
  is switched to and back, for every read. Now a connection keeps one watcher, whose callback reads, takes the time and
  parses; the user's greenlet is woken once, when the whole answer is there.
- **The exchange does no I/O.** One state machine is fed with a time stamp and bytes, by the hub inside Locust and by a
  blocking loop elsewhere, so both are tested as one. A read that holds exactly one whole chunk, where the parser says
  that a chunk may begin, takes a short way; every other read takes the whole one. A test feeds both and compares.
- **A token event is taken by one regular expression** where the parser is idle and the order allows one; anything else
  goes through the grammar and JSON.
- **One timer for all time-outs,** in the order of their deadlines; the watch on the hub is a timer too.
- **A thousand users made a thousand senders,** each with its own greenlet for time-outs, because looking up the host
  lets another greenlet run. They share one now.
- **Locust's way of stopping keeps its hub busy for tens of ms** (it inspects its own stack for a log line). Answers
  still under way when the window closed were measured late, at any load, and the hub lag did not show it. A round now
  waits for them before it stops. Found by this calibration; the generator *before* has this one change here too, or no
  load of it would have had true figures.
- **A stop of the hub is many late ticks,** not one: all those count that would have been due while it stood still.

*A core* is events (requests) for each second of the generator's CPU: the inverse of its cost, and not a load that was
driven; what was driven with good figures is the first number. Both tables were made one after the other on the same
machine. It is shared with others, and another calibration may end a third lower: that is why the ceiling is measured
where the load is to run, and why rounds within a tenth of it are refused.
"""
