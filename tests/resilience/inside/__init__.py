"""A folder for PYTHONPATH: with it, a server of the kit tells what is alive inside of it."""
