"""Idempotent submission of requests across retry attempts."""
