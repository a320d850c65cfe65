"""Floors, held against their twins, and how much "by CPU" understates them.

Rule: `python -m tests.floors --store` measures on a quiet machine and writes docs/results/floors.json and
docs/floors.md; what the suite itself runs asserts no time. Neighbours: `loadtests.floors` (the apps), `waking`
measures, `page` writes.
"""
