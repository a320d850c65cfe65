"""Real clients: a page on another origin in Chromium, packages from npm and Python, all read the same events."""
