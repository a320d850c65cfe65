"""Models behind an OpenAI-compatible API, through the official SDK: `AGENT_MODEL=openai`.

Rule: everything but the two thin clients is pure. Neighbours: `client` (the clients) uses `messages` (what is said),
`assembler` (what comes back), `failures` and `retry` (what goes wrong), `transport` (the connections).
"""
