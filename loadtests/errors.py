"""What a user of the kit can get wrong, as exceptions.

Rule: the message is one sentence with what, where and the cure; it is shown as it is, without a traceback.
Neighbours: every module of the harness raises them, `cli.main` is the one place that prints them.
"""


class UserError(Exception):
    """Something the user can put right: an option, a file, a port, a server that does not start."""
