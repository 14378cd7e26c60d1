"""Control API of the emulator, which tests and demos use to create resources, set outcomes and inject faults."""
