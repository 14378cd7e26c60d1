"""Measures the provider beside its peers and the bare limit, and writes ``docs/performance.md``: ``make bench``."""
