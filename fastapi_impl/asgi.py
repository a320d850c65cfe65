"""The app as an object, from the environment's settings, for what takes no factory: `fastapi run`, an ASGI server."""

from fastapi_impl.app import create_app

app = create_app()
