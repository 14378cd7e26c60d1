"""Makes pages from the contract, from docstrings and from the contract tests."""
