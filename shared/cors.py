"""What a browser's page on another origin may do; no credentials are ever allowed.

Rule: both servers answer a preflight from these same lists. Source: the WHATWG Fetch standard, "CORS protocol".
Neighbours: `settings.allowed_origins`, each server's `middleware.py`.
"""

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
EXPOSED_HEADERS = ("X-Request-ID",)
MAX_AGE = 600
"""Seconds that a browser may remember a preflight's answer."""
