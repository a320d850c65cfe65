"""Growth: its laws, its page, and a small measurement of it on a real server."""
