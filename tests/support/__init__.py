"""Shared by the suites: a client of the emulator, a proxy, and runners of tasks."""
