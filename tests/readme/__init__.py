"""The documentation, executed: every command, link and snippet that a reader may follow."""
