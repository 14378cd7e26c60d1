"""Submitting a request once, whatever fails on the way."""
