"""State of the emulator: resources, jobs, planned outcomes, seed data."""
