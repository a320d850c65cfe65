"""How throughput, TTFT, CPU and memory grow: measured curves for each deployment, with the law that fits them.

Rule: this folder measures, fits and writes; it knows no framework. `python -m loadtests.growth --store` writes
docs/results/growth.json, the plots beside it and docs/growth.md, which is made of that file alone. Neighbours: `drive`
gives the streams, `serve` the servers; `loop` (its own small client) is also what tests/layers counts with.
"""
