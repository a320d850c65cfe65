"""The container files without an engine: what they say, what linters say of them, and their commands as processes."""
