"""The documentation; ``generate.py`` writes the pages and tables that are generated from the code."""
