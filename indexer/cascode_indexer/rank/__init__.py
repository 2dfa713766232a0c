"""The fast stage's ranking: evidence from vectors, words and code, weighted by the kind of query."""
