"""The resident server of a user: one process with one model for all editors, and for the command line."""
