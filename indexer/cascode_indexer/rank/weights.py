"""How much each rule's evidence counts, by the kind of query."""

from __future__ import annotations

from cascode_indexer.query import QueryKind
from cascode_indexer.rank.types import Table

#: Beside vectors, in units of cosine similarity.
#:
#: Sentences: tuned with the second weights, benchmarks/retrieval.py --tune on CoSQA dev and on held-out Python, Java
#: and Go packages (dev): words weigh as much as web queries bear (0.03: 0.6631 beside 0.6630 of the similarity alone;
#: 0.05: 0.6602), though documentation would like more of them (Go 0.8545, 0.8691, 0.8730); the definition's name harms
#: web queries. Plain rank fusion lost to the similarity. Names and paths say exactly what is meant, and the definition
#: outweighs any difference of similarity: benchmarks/names.py --tune, 20,010 functions, finds the first hit right for
#: 0.995 of the names asked for at 1.0 and for 0.990 at 0.1. Code: what does the same work is asked for, not what is
#: worded alike.
FAST: Table = {
    QueryKind.SENTENCE: {"similarity": 1.0, "words": 0.03, "demotion": -0.08},
    QueryKind.SENTENCE_WITH_NAME: {
        "similarity": 1.0,
        "words": 0.1,
        "definition": 0.3,
        "name": 0.05,
        "file": 0.02,
        "demotion": -0.08,
    },
    QueryKind.IDENTIFIER: {
        "similarity": 1.0,
        "words": 0.2,
        "definition": 1.0,
        "name": 0.2,
        "file": 0.05,
        "demotion": -0.1,
    },
    QueryKind.PATH: {"similarity": 1.0, "words": 0.2, "name": 0.1, "file": 0.2, "path": 1.0},
    QueryKind.CODE: {"similarity": 1.0, "demotion": -0.08},
}

#: While there is no model: words and code carry the ranking alone, in units of the best BM25 of the query.
#:
#: That spreads over 0 to 1 where cosines of good candidates lie within 0.2 of each other, so the rest counts about five
#: times what it does beside vectors. The name at 0.2 was best on average of 0 to 0.8 on dev queries: MRR of CoSQA 0.344
#: without it and 0.361 with it, of held-out Python packages 0.694 and 0.716, of Go 0.782 and 0.808.
WORDS_ALONE: Table = {
    QueryKind.SENTENCE: {"words": 1.0, "name": 0.2, "file": 0.1, "demotion": -0.3},
    QueryKind.SENTENCE_WITH_NAME: {"words": 1.0, "definition": 1.0, "name": 0.2, "file": 0.1, "demotion": -0.3},
    QueryKind.IDENTIFIER: {"words": 0.5, "definition": 2.0, "name": 0.5, "file": 0.1, "demotion": -0.3},
    QueryKind.PATH: {"words": 0.5, "name": 0.2, "file": 0.5, "path": 2.0},
    QueryKind.CODE: {"words": 1.0, "demotion": -0.3},
}
