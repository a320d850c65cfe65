"""The app as an object, from the environment's settings, for what takes no factory: any WSGI server."""

from flask_impl.app import create_app

app = create_app()
