"""The published contract as OpenAPI documents, and the deviations of the emulator from it."""
