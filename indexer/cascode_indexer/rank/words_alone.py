"""How much each piece of evidence counts while there is no model: words and code carry the ranking alone."""

from __future__ import annotations

from cascode_indexer.rank.query_kind import QueryKind
from cascode_indexer.rank.weights import Weights

#: In units of the best BM25 of the query, which stands in for the similarity: it spreads over 0 to 1 where cosines
#: of good candidates lie within 0.2 of each other, so the rest counts about five times what it does beside vectors.
#: The name at 0.2 was best on average of 0 to 0.8 on dev queries: MRR of CoSQA 0.344 without it and 0.361 with it,
#: of held-out Python packages 0.694 and 0.716, of Go 0.782 and 0.808.
WORDS_ALONE = {
    QueryKind.SENTENCE: Weights(lexical=1.0, definition=0.0, name=0.2, file=0.1, path=0.0, demotion=0.3),
    QueryKind.SENTENCE_WITH_NAME: Weights(lexical=1.0, definition=1.0, name=0.2, file=0.1, path=0.0, demotion=0.3),
    QueryKind.IDENTIFIER: Weights(lexical=0.5, definition=2.0, name=0.5, file=0.1, path=0.0, demotion=0.3),
    QueryKind.PATH: Weights(lexical=0.5, definition=0.0, name=0.2, file=0.5, path=2.0, demotion=0.0),
}
