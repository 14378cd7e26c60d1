"""What several examples share. Copy this folder beside the example that you take over."""
