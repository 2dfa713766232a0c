"""Measuring the search on a person's own workspace."""
