"""A third server, of aiohttp: the kit judges and measures what it was not made for (docs/third-server.md)."""
