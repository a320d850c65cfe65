"""The client the load is sent with: a socket, an HTTP/1.1 parser and an SSE reader.

Rule: nothing here knows Locust or a scenario, and only `hub` knows gevent. Neighbours: `message` (what goes in and
comes out), `exchange` (bytes to an answer, no I/O), `http` and `hub` (one connection, blocking or in gevent's hub),
`sse` (bytes to events), `chatstream` (events to the contract's figures).
"""
