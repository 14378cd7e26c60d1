"""What the suites share: the emulator, the servers in front of it, and how a task is run."""
