"""Tests that no secret is stored or logged, also if servers echo requests, cut connections or redirect."""
