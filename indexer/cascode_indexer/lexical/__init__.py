"""Words of code and of queries, for the lexical half of the fast stage."""
