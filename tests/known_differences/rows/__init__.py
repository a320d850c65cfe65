"""The known differences, a module for each kind of reader; adding one is adding a row."""
