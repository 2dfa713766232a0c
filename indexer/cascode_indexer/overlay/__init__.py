"""Open buffers: what is typed but not saved stands in for the file on disk, in memory only."""
