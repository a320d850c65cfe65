"""The agent: one turn's logic, two drivers, tools, models.

A request's way: `service` -> `turn` (pure) driven by `drivers` -> `outputs`. `build` puts it together.
"""
