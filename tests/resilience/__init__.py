"""What the servers survive: faults, clients that vanish, stores that fail, SIGTERM, slow peers, half an hour of it."""
