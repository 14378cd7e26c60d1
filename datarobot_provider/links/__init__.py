"""Operator links to pages of DataRobot."""
