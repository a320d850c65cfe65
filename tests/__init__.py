"""The tests: conformance (black box), known differences, launch, browser, units."""
