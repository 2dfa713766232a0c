"""Commits as questions: what a person wrote about a change, and the definitions that it changed."""
