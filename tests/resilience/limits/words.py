"""The words of docs/resilience/limits.md that no measurement makes: what is promised, and what a program offers.

Rule: no figure of a measurement is typed here. Neighbours: `page`.
"""

from collections.abc import Mapping

HEAD = """\
# Limits and slow peers

A server on the open net meets more clients than it has room for, and clients that read or send a byte a second, say
nothing, or never come to an end. Promised for each target: memory that does not grow with time, `/health` within 100 ms
at p99 (or twice what it took just before, where the machine was slower than that) or a clean refusal, plain turns that
are answered meanwhile, and memory, descriptors and places that come back when the clients have gone. Where the clients
hold as many requests as a target can have in hand, nobody else can be served: that is shown below and not judged.

Every `/health` is a connection of its own, 20 ms after the last; RSS, descriptors and threads are those of the whole
process tree. Made by `python -m tests.resilience limits --store` (about 9 minutes); a short part of it is in
`make test`.
"""
STREAMS = """
## MAX_STREAMS with four times as many clients

Each stream is silent (the scripted `/hang`). The limit is per process, so several workers admit up to as many times
more. Half of the clients leave with a reset, half without; then as many streams as before are asked for again. A target
that answers one request at a time has a stricter limit than this one and is left out.
"""
STREAMS_COLUMNS = (
    "target",
    "limit",
    "clients",
    "admitted",
    "503, Retry-After",
    "plain turn",
    "places again",
)
ROWS_COLUMNS = (
    "target",
    "held",
    "health before: p50, p99, most, ms",
    "health meanwhile, ms",
    "turn",
    "RSS: before → most → after, MiB",
    "descriptors",
    "threads",
    "MiB/s",
    "KiB each",
    "well again",
)
OF: Mapping[str, str] = {
    "readers": """\
Each asks for a stream of a model that never ends and is as fast as it is read, with a receive buffer of 1 KiB. What
the kernel's buffers do not take stays unmade: uvicorn holds the application's `send` back above 64 KiB, gunicorn's
workers block in their own, and the model's queue is bounded; no heartbeat is made either, for the turn goes on only
when its last write has returned. No server here has a limit on how long a write may take, so such a reader keeps its
thread and its place under `MAX_STREAMS` for as long as it likes; a reverse proxy that buffers, or has a
`send_timeout`, is the cure.
""",
    "slow heads": "Nobody has a whole request in hand here, and yet the sync worker's only place is taken.\n",
    "slow bodies, a crowd": "More than gthread's 1,000 threads, each of which waits for one of them.\n",
    "silent": """\
Opened 500 at a time, with a look at the health after each step, until there are 10,000, none is answered for 8 s, or no
more are taken in 30 s. gthread gives each a thread for 5 s, then watches it without one.
""",
    "kept": "As before. gthread closes a connection after its answer where it has 3,000 idle ones, so there is room.\n",
}
FLOODS = """
## Heads that are too much

Sent until the server answers or closes, 64 MiB at most.
"""
FLOODS_COLUMNS = ("target", "flood", "KiB taken", "answer", "ms", "MiB more", "healthy after")
UNBOUNDED = """
uvicorn's fast parser has no limit of its own, which is why the targets have `fastapi_impl/protocol.py` around it.
Without it, as `uvicorn --http httptools` and `fastapi run` have it, a head is taken as long as it comes, held, and
copied again with each read while the event loop stands still. Where a reverse proxy with such limits stands before it,
that does not matter; otherwise add `--http fastapi_impl.protocol:BoundedHead`.
"""
HOLDS = """
## How long one is let

One connection of each kind, on each server program. There is no option for a time limit on a request's head or body in
uvicorn (`--timeout-keep-alive` counts only between requests) or in gunicorn's sync and gthread workers (`--timeout` is
the watchdog of a worker, which ends all that it has in hand); under gevent, `--keep-alive` is also the time for a head.
"""
HOLDS_COLUMNS = ("target", "a client that would", "closed after")
ENDINGS = """
## SIGTERM with readers that are stuck
"""
ENDINGS_COLUMNS = ("target", "stuck readers", "DRAIN_SECONDS", "gone after")
FORGIVEN = """
Promised: gone {exit:g} s after the grace; counted as broken {slack:g} s after that, which is what it takes to see it.
"""
CANNOT = """
## What a server program cannot do

- **gunicorn sync** answers one request at a time: one client that is slow, or silent, keeps all others waiting until it
  leaves. It is made for a place behind a buffering reverse proxy.
- **gunicorn gthread** gives a request its thread from the first byte, so as many slow senders as it has threads stop
  it; threads that a pool has made stay. Each silent connection costs a thread for 5 s.
- **gunicorn gevent** has a greenlet for each connection, idle ones too; at `--worker-connections` it accepts no more,
  `/health` included, until some have left or `--keep-alive` has ended them.
- **uvicorn** has no such number unless `--limit-concurrency` is set, and then refuses with its own 503; it is held by
  the limit on open files alone.
- **No time limit** on a write, and mostly none on a read: all of them count on a reverse proxy (nginx:
  `client_header_timeout`, `client_body_timeout`, `send_timeout`, `limit_conn`) where peers are not trusted.
"""
