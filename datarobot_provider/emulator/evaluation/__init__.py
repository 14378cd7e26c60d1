"""How the emulator evaluates a version: its requirements, its launch, its test, its feature impact."""
