"""Trigger that waits for a job."""
