"""HTTP layer of the emulator: authentication, routing, request parsing, responses, faults, object storage."""
