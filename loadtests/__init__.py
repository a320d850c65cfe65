"""The harness: plan, verify, serve, drive, measure, analyse, report. Knows both servers only as commands and URLs.

Each stage is a folder or a file of its name; a folder's `__init__` is its front door. `compare` runs them all;
`results` is what they leave on disk; `targets` and `scenarios` say what is compared, and how. Imports neither server.
"""
