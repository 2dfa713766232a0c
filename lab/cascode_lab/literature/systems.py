"""The rows of the tables: what the systems are, what their papers say of them, and how our set-up differs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """A system of the literature."""

    #: As results name it.
    name: str
    title: str
    #: The paper's own figure, and where it stands there; empty where it has none.
    published: str
    #: How what is measured here differs from the paper's set-up.
    differs: str
    #: Variants that the table has a row for, measured or not.
    variants: tuple[str, ...] = ()


_SMALL = "6 layers and 22.7M weights in place of CodeBERT's 12 and 125M; packages in place of CodeSearchNet"

#: In the order of the tables.
SYSTEMS = (
    System("bm25", "BM25, identifiers split", "", "no paper's: the baseline that needs no model", ("",)),
    System("minilm", "all-MiniLM-L6-v2, untouched", "", "the encoder that training begins with", ("",)),
    System("fast", "Fast encoder alone (CasCode, 3.1)", "", _SMALL, ("",)),
    System(
        "classifier",
        "Slow classifier alone (CasCode, 3.2)",
        "",
        f"{_SMALL}; our late head reads stored states, the plain head pairs",
        ("late head", "plain head"),
    ),
    System(
        "separate",
        "CasCode, separate models (3.3)",
        "MRR .7795, their best (six languages)",
        _SMALL,
        ("K = 10", "K = 100"),
    ),
    System(
        "shared",
        "CasCode, shared model (3.4)",
        "",
        _SMALL,
        ("late head, K = 10", "late head, K = 100", "plain head, K = 10", "plain head, K = 100"),
    ),
    System(
        "dyhardcode",
        "DyHardCode",
        "MRR .750 (six languages)",
        f"{_SMALL}; negatives are added for a query alone, not as pairs of the step",
        (
            *("random", "text-code", "text-code, index of the start", "text-text", "code-code", "code-text"),
            *("text-code, CSLS", "K = 2", "K = 4", "K = 6", "K = 8", "K = 10"),
            *("batch 32", "batch 64", "batch 128", "batch 256", "batch 512"),
        ),
    ),
    System(
        "poly",
        "Poly-encoder",
        "between bi- and cross-encoder in quality and time (dialogue)",
        "codes belong to the stored function, not to the query; the encoder is kept as it is",
        ("16 codes", "64 codes", "360 codes", "first 16 states", "first 64 states"),
    ),
    System(
        "three stages",
        "Fast 1,000, poly 100, classifier 10",
        "",
        "no paper's: the poly-encoder as a middle stage",
        ("",),
    ),
    System(
        "likelihood",
        "Sequence model as a retriever (Clement et al.)",
        "",
        "6 layers of encoder and 3 of decoder in place of a pretrained sequence model",
        ("",),
    ),
    System(
        "augmented",
        "Contrastive training with sampled descriptions (Clement et al.)",
        "",
        "descriptions of our own sequence model",
        ("with", "without"),
    ),
)

#: Systems that are measured by something else than ranks of a query.
OTHERS = (
    System(
        "describe",
        "Description, teacher and student",
        "BLEU .0492 (best teacher), .0 (student)",
        "sacreBLEU in lower case; beside a copy of the name",
        ("teacher", "student"),
    ),
    System(
        "similar",
        "Code to code",
        "DyHardCode on POJ-104 (4.3)",
        "MBXP: one problem in nine languages, one solution each; POJ-104 is one language",
        ("all-MiniLM-L6-v2", "bundled", "code-code negatives"),
    ),
)
