"""SQLite, the truth of an index: files, functions, texts, and the vector cache shared by all workspaces."""
