"""The agent API on FastAPI: async to the bottom, read beside `flask_impl` file by file."""
