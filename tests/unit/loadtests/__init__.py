"""The harness, tested without the servers it measures."""
