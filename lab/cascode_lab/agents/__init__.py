"""What an agent reads until it has the right definition: simple scripted agents, whose tokens are counted."""
