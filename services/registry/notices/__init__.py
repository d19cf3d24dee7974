"""Sheets in the notations of real notices, read into registry records."""
