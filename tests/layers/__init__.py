"""What limits each twin: its layers, one more at a time, each measured by what it adds to a request's CPU time.

Rule: the layers are the twin's own `create_app`, without what lies above the layer; the last one is held against the
deployed twin. Neighbours: `fastapi_layers`, `flask_layers` (the apps), `measure`, `page`, `__main__` (the command).
"""
