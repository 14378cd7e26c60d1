"""Ids of the emulator's seed data."""

DATASET, ENVIRONMENT, DEPLOYMENT = (f"65a0000000000000000000{end}" for end in ("d1", "e1", "f1"))
