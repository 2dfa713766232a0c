"""Brings repositories into a team's index."""
