"""The search cascade: dense and lexical candidates, ranked, then reranked by the slow classifier."""
