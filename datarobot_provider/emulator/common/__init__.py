"""Modules that every package of the emulator uses: errors, identifiers, timestamps, strict JSON."""
