"""The documentation: guides written by hand, and two pages that ``generate.py`` writes."""
