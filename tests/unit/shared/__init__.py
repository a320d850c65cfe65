"""Tests of what both servers are made of."""
