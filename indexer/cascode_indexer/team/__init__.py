"""The seam to a team's shared index: an index of other repositories, on a server that a person named."""
