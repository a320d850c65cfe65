"""The other ways to start a server, and what a bad configuration is answered with."""
