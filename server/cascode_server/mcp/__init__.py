"""The server for agents: the Model Context Protocol in and out, and nothing else."""
