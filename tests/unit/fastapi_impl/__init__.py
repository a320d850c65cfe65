"""FastAPI's twin, piece by piece."""
