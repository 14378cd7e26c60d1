"""Code that several examples share. Copy this folder together with an example."""
