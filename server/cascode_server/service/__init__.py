"""What every front end shares: indexing in the background, searches with their policies, hits and status as JSON.

Nothing here knows a wire, a command line or an editor.
"""
