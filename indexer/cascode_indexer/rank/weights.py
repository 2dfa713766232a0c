"""How much each rule's evidence counts, by the kind of query."""

from __future__ import annotations

from cascode_indexer.query import QueryKind
from cascode_indexer.rank.types import Table, Weights

#: What a type gains where one is asked for, and another definition loses.
_TYPES_ASKED: Weights = {"types_asked": 0.06}
#: As a person asks. Size says what does the work and what only hands it on.
_SENTENCE: Weights = {
    "similarity": 1.0,
    "words": 0.15,
    "file": 0.04,
    "file_similarity": 0.04,
    "size": 0.34,
    "tests": -0.25,
    "aside": -0.08,
    "types_asked": 0.045,
}
#: As documentation is worded: the answer says the same in other words, so meaning counts nearly alone.
_DESCRIPTION: Weights = {
    "similarity": 1.0,
    "words": 0.08,
    "name": 0.04,
    "file": 0.05,
    "tests": -0.12,
    "aside": -0.09,
    **_TYPES_ASKED,
}
#: As people ask the web, about what any program may have: words and places of a project mean little.
_GENERAL: Weights = {
    "similarity": 1.0,
    "words": 0.03,
    "file": 0.06,
    "file_similarity": 0.05,
    "tests": -0.2,
    "aside": -0.06,
    "types": -0.05,
    **_TYPES_ASKED,
}
_SENTENCE_WITH_NAME: Weights = {
    "similarity": 1.0,
    "words": 0.3,
    "definition": 0.2,
    "name": 0.05,
    "file": 0.05,
    "container": 0.06,
    "size": 0.15,
    "tests": -0.25,
    "aside": -0.1,
    "types": -0.05,
    **_TYPES_ASKED,
}

#: A report shows the error that happened; it does not ask for its class.
_REPORT: Weights = {name: weight for name, weight in _SENTENCE_WITH_NAME.items() if name != "types_asked"}

#: Beside vectors, in units of cosine similarity.
#:
#: Sentences, before long functions were read to their ends (then a little more for words and less for size: +.004 and
#: +.009), by `cascode eval ranking --written --history --documentation` on 15 dev repositories: MRR@10 of 186
#: sentences written by hand .563 (.522 with words at .07 and size at .2, .414 with vectors and few words), of 431
#: commit subjects .324 (.301), of the 65 sentences of tests/golden .676 (.654). A fit to commit subjects alone wants
#: three times the words, and has .41 there, but .44 on the questions written by hand, whose words are seldom those of
#: the code. Descriptions and general ones by the documentation of eight of the repositories and by CoSQA dev.
#:
#: Names and paths say exactly what is meant, and the definition outweighs any difference of similarity:
#: benchmarks/names.py --tune, 20,010 functions, finds the first hit right for 0.995 of the names asked for at 1.0 and
#: for 0.990 at 0.1. Of the 600 dev names of `cascode train calibrate --names`, as people remember them, the first hit
#: is right for .898 with the spelling at .2, .922 at .3, .932 at .4, .938 at .5; it stays below half of a cosine, as
#: every hint does. Reports: as sentences with names, and frames say exactly where. Code: what does the same work is
#: asked for, not what is worded alike. Paths: an ending may be a member's name (``App.install``), so definitions of the
#: whole name count there too.
FAST: Table = {
    QueryKind.SENTENCE: _SENTENCE,
    QueryKind.DESCRIPTION: _DESCRIPTION,
    QueryKind.GENERAL: _GENERAL,
    QueryKind.SENTENCE_WITH_NAME: _SENTENCE_WITH_NAME,
    QueryKind.REPORT: {**_REPORT, "frame": 1.0},
    QueryKind.IDENTIFIER: {
        "similarity": 1.0,
        "words": 0.2,
        "definition": 1.0,
        "spelling": 0.4,
        "name": 0.2,
        "file": 0.05,
        "tests": -0.1,
        "aside": -0.06,
    },
    QueryKind.PATH: {
        "similarity": 1.0,
        "words": 0.2,
        "definition": 1.0,
        "name": 0.1,
        "file": 0.2,
        "path": 1.0,
        "frame": 1.0,
    },
    QueryKind.CODE: {"similarity": 1.0, "tests": -0.08, "aside": -0.048},
}

#: Of sentences with a name, and of reports.
_LATE_WITH_NAME: Weights = {"similarity": 0.8, "late": 0.4}
#: Beside vectors and the token states that an index keeps; in the same units.
#:
#: Where a person asks in a sentence of their own, tokens say as much as the vector, and what long functions do at their
#: ends, so that size counts less than without. By a search over five weights on the evidence of `cascode eval ranking
#: --cascade` on dev, sentences alone: written questions .610, commit subjects .360 with tokens at .6, size at .25 and
#: .045 for a type that is asked for; .610, .369 as they stand; .617, .360 with .8, .25 and .03. Web queries have .674
#: with words at .03, .669 at .07; they ask for what a function begins with, and more of the tokens gains nothing. Names
#: and paths are decided by what they name: tokens only separate equals. Code: `similar` asks vectors alone, since
#: tokens lose there (in other languages, MAP .551 without, .549 at .2, .543 at .4).
LATE: Table = {
    QueryKind.SENTENCE: {
        **_SENTENCE,
        "similarity": 0.85,
        "late": 0.7,
        "file_similarity": 0.1,
        "size": 0.28,
        "types_asked": 0.03,
    },
    QueryKind.DESCRIPTION: {**_DESCRIPTION, "late": 0.6, "words": 0.12},
    QueryKind.GENERAL: {**_GENERAL, "similarity": 0.9, "late": 0.2},
    QueryKind.SENTENCE_WITH_NAME: {**_SENTENCE_WITH_NAME, **_LATE_WITH_NAME},
    QueryKind.REPORT: {**_REPORT, **_LATE_WITH_NAME, "frame": 1.0},
    QueryKind.IDENTIFIER: {**FAST[QueryKind.IDENTIFIER], "late": 0.2},
    QueryKind.PATH: {**FAST[QueryKind.PATH], "late": 0.2},
    QueryKind.CODE: {**FAST[QueryKind.CODE], "late": 0.0},
}

#: Where the classifier reads texts after that: its fused score is in the place of both, the rest weighs what it weighs
#: for the candidates that are not read.
READ_AFTER_LATE: Table = {
    kind: {name: weight for name, weight in weights.items() if name != "late"} | {"similarity": 1.0}
    for kind, weights in LATE.items()
}

_WORDS_OF_SENTENCES: Weights = {"words": 1.0, "name": 0.2, "file": 0.1, "tests": -0.3, "aside": -0.18}
#: While there is no model: words and code carry the ranking alone, in units of the best BM25 of the query.
#:
#: That spreads over 0 to 1 where cosines of good candidates lie within 0.2 of each other, so the rest counts about five
#: times what it does beside vectors. The name at 0.2 was best on average of 0 to 0.8 on dev queries: MRR of CoSQA 0.344
#: without it and 0.361 with it, of held-out Python packages 0.694 and 0.716, of Go 0.782 and 0.808. The spelling
#: counts as much as words do; that was not measured.
WORDS_ALONE: Table = {
    QueryKind.SENTENCE: _WORDS_OF_SENTENCES,
    QueryKind.DESCRIPTION: _WORDS_OF_SENTENCES,
    QueryKind.GENERAL: _WORDS_OF_SENTENCES,
    QueryKind.SENTENCE_WITH_NAME: {
        "words": 1.0,
        "definition": 1.0,
        "name": 0.2,
        "file": 0.1,
        "tests": -0.3,
        "aside": -0.18,
    },
    QueryKind.IDENTIFIER: {
        "words": 0.5,
        "definition": 2.0,
        "spelling": 0.5,
        "name": 0.5,
        "file": 0.1,
        "tests": -0.3,
        "aside": -0.18,
    },
    QueryKind.PATH: {"words": 0.5, "definition": 2.0, "name": 0.2, "file": 0.5, "path": 2.0, "frame": 2.0},
    QueryKind.REPORT: {"words": 1.0, "definition": 1.0, "name": 0.2, "file": 0.1, "frame": 2.0, "tests": -0.3},
    QueryKind.CODE: {"words": 1.0, "tests": -0.3, "aside": -0.18},
}
