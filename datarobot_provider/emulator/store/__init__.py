"""What the emulator stores: resources, jobs, seed data."""
