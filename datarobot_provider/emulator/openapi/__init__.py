"""The published contract, and where the emulator deviates from it."""
