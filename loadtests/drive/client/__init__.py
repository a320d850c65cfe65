"""The client the load is sent with: a socket, an HTTP/1.1 parser and an SSE reader.

Rule: nothing here knows Locust, gevent or a scenario; inside Locust the sockets are gevent's, elsewhere
plain ones. Neighbours: `message` (what goes in and comes out), `http` (one connection), `sse` (bytes to events),
`chatstream` (events to the contract's figures).
"""
