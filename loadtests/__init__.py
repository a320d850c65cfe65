"""The harness: plan, verify, serve, drive, measure, analyse, report. Knows both servers only as commands and URLs.

Each stage is a folder or a file of its name; a folder's `__init__` is its front door. `compare` runs them all, after
`calibrate` has found what the generator can drive; `knee` searches for the most that a target holds, `diff` holds two
runs together. `results` is what they leave on disk; `targets`, `scenarios` and `levels` say what is compared, and how.
Imports neither server.
"""
