"""Sensors on the same table of jobs as the operators."""
