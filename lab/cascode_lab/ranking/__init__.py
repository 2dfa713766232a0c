"""The weights of the ranking: real questions asked of real workspaces, and what their answers say of the evidence."""
