"""The agent API on Flask: sync, for threads or greenlets, read beside `fastapi_impl` file by file."""
