"""The proof of the kit's statistics: noise recorded on a real machine, and what the verdicts make of it."""
