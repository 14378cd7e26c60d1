"""Files of a custom model: selection, metadata, runtime parameters and limits."""
