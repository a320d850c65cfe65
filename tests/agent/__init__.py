"""docs/agent.md, run: its example is put on both servers."""
