"""Differential fuzzing: generated and damaged requests go to two servers in the same state; answers are compared."""
