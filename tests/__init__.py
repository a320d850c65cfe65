"""The tests, a folder for each subject; its `__init__` says which."""
