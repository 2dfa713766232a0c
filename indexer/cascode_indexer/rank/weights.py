"""How much each piece of evidence counts, by the kind of query; in units of cosine similarity."""

from __future__ import annotations

from dataclasses import dataclass

from cascode_indexer.rank.query_kind import QueryKind


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the evidence; the similarity itself counts 1."""

    #: BM25 over the best BM25 of the query.
    lexical: float
    #: The function is named as asked.
    definition: float
    #: Share of the function's name that the query spells.
    name: float
    #: Share of the file's stem that the query spells.
    file: float
    #: The path asked for.
    path: float
    #: Taken off tests, examples and shims.
    demotion: float


#: Sentences: tuned with the second weights, benchmarks/retrieval.py --tune on CoSQA dev and on held-out Python, Java
#: and Go packages (dev): words weigh as much as web queries bear (0.03: 0.6631 beside 0.6630 of the similarity alone;
#: 0.05: 0.6602), though documentation would like more of them (Go 0.8545, 0.8691, 0.8730); the function's name harms
#: web queries. Plain rank fusion lost to the similarity. Names and paths say exactly what is meant, and the definition
#: outweighs any difference of similarity: benchmarks/names.py --tune, 20,010 functions, finds the first hit right for
#: 0.995 of the names asked for at 1.0 and for 0.990 at 0.1.
WEIGHTS = {
    QueryKind.SENTENCE: Weights(lexical=0.03, definition=0.0, name=0.0, file=0.0, path=0.0, demotion=0.08),
    QueryKind.SENTENCE_WITH_NAME: Weights(lexical=0.1, definition=0.3, name=0.05, file=0.02, path=0.0, demotion=0.08),
    QueryKind.IDENTIFIER: Weights(lexical=0.2, definition=1.0, name=0.2, file=0.05, path=0.0, demotion=0.1),
    QueryKind.PATH: Weights(lexical=0.2, definition=0.0, name=0.1, file=0.2, path=1.0, demotion=0.0),
}
