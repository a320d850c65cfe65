"""What no run should meet and some do: a full disk, half-written folders, newer files, Ctrl-C at any moment.

Rule: real processes where that is what breaks, each bounded in time and ended by its id; what is asked is always the
same: one clear sentence, the right exit code, what finished is kept, nothing is left running or half-written.
"""
