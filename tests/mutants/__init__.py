"""Broken servers, one promise each, and the proof that the conformance suite notices every one."""
