"""Seen from outside: metrics and traces, each only when a setting asks for it."""
