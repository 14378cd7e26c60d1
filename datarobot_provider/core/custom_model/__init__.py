"""The files of a custom model and what they say about it."""
