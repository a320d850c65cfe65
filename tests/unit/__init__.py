"""Tests of single parts, without a deployed server where that can be."""
