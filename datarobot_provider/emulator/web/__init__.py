"""The HTTP side of the emulator: server, routing, requests, responses, faults."""
