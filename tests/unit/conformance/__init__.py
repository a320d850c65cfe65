"""The suite's own parts, without a server."""
