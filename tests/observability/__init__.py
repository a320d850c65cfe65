"""Metrics and traces, as Prometheus and a collector see them."""
