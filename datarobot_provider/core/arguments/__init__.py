"""Arguments of a task: which there are, and how rendered values are converted."""
