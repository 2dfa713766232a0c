"""Training pairs: mined ones and CoSQA's, and how each varies from step to step."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cascode_lab.evaluation.advtest import rename_text
from cascode_models.errors import ModelError
from cascode_models.text import function_text, query_text
from cascode_models.types import FunctionSource


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A query and the function that answers it."""

    query: str
    #: Code; without its docstring where the query is that docstring's first paragraph.
    code: str
    name: str = ""
    language: str = ""
    #: Doc comment without its first paragraph, which is the query.
    more_doc: str = ""
    #: Where it was mined: functions of one package are each other's hardest negatives.
    package: str = ""
    #: Written by a person at a search box: never shortened.
    is_search: bool = False


#: Shares of a docstring's first paragraph read as it is, cut to its first clause, cut to its content words:
#: people type short queries, docstrings are sentences.
SHARE_WHOLE, SHARE_SHORT = 0.5, 0.25
#: Words a short query keeps: the median web query of CoSQA has seven.
SHORT_WORDS = 10
#: Share of the functions headed by their qualified name; the others teach to do without the container.
SHARE_NAMED = 0.7
#: Share of the functions that keep the rest of their doc comment, as they do at indexing time.
SHARE_DOC = 0.35

_CLAUSE_END = re.compile(r"(?<=\w)[.;:](?=\s|$)|\s\(|,\s(?:which|where|so|and|but)\b")
#: Words that carry no meaning of their own in a query.
FILLER = frozenset(
    (
        *("a", "an", "the", "this", "that", "it", "its", "is", "are", "be", "if", "whether", "which"),
        *("of", "to", "in", "into", "by", "for", "from", "with", "on", "at", "as", "and", "or", "given"),
        *("use", "using", "used", "return", "returns", "get", "gets", "set", "sets"),
    )
)
_WORD = re.compile(r"[A-Za-z_][\w.]*|\d+")


def read_pairs(folder: Path, split: str) -> list[TrainingPair]:
    """Read the mined pairs of one split.

    Args:
        folder: Folder of ``*.jsonl`` files written by corpus mining.
        split: ``train``, ``dev`` or ``test``.

    Returns:
        Pairs in the order of the files' names and lines.

    Raises:
        ModelError: A line is no such pair.
    """
    return [pair for _, pair in read_rows(folder, split)]


def read_rows(folder: Path, split: str) -> Iterator[tuple[dict[str, str], TrainingPair]]:
    """Yield the rows of one split as they were mined, each with its pair; pool files hold no queries and are left out.

    Raises:
        ModelError: A line is no pair.
    """
    for path in sorted(folder.glob("*.jsonl")):
        if path.name.startswith("pool-"):
            continue
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                    pair = _pair(row) if row["split"] == split and row["query"] else None
                except (ValueError, KeyError, TypeError) as error:
                    raise ModelError(f"{path}:{number} is not a training pair ({error!r}): mine it again") from error
                if pair is not None:
                    yield row, pair


def _pair(row: Mapping[str, object]) -> TrainingPair:
    """The pair of a row.

    Raises:
        KeyError: A part is missing that a pair cannot do without.
        TypeError: A part is no text.
    """
    parts = {name: row.get(name) or "" for name in ("name", "language", "doc", "package")}
    parts |= {name: row[name] for name in ("query", "code")}
    wrong = next((name for name, value in parts.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise TypeError(f"its {wrong} is no text")
    texts = cast("dict[str, str]", parts)
    return TrainingPair(
        query=texts["query"],
        code=texts["code"],
        name=texts["name"],
        language=texts["language"],
        more_doc=_after_first_paragraph(texts["doc"]),
        package=texts["package"],
    )


def read_pool(folder: Path, language: str, split: str) -> list[str]:
    """Read the function texts of a mined pool, in the held-out form; empty where there is no such pool."""
    path = folder / f"pool-{language}-{split}.jsonl"
    if not path.is_file():
        return []
    texts = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                texts.append(function_text(FunctionSource(row.get("name") or "", row["code"], "", language)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ModelError(f"{path}:{number} is not a function ({error!r}): mine it again") from error
    return texts


def read_cosqa(folder: Path) -> list[TrainingPair]:
    """Read the training pairs of CoSQA; its dev and test queries are never read here.

    Args:
        folder: Folder with ``train.jsonl`` and ``codes.jsonl``.

    Returns:
        The pairs judged right; then, without a query, the codes of which no pair was: they are only negatives.

    Raises:
        ModelError: The files are missing.
    """
    try:
        codes = {}
        for line in (folder / "codes.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            codes[row["id"]] = row["code"]
        rows = [json.loads(line) for line in (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()]
        right = [row for row in rows if row["label"] == 1]
        answers = {codes[row["code_id"]] for row in right}
        judged = dict.fromkeys(codes[row["code_id"]] for row in rows)
        pairs = [
            TrainingPair(query=row["query"], code=codes[row["code_id"]], language="python", is_search=True)
            for row in right
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"CoSQA cannot be read from {folder} ({error!r}): name its folder") from error
    return pairs + [
        TrainingPair(query="", code=code, language="python", is_search=True) for code in judged if code not in answers
    ]


def can_be_renamed(pair: TrainingPair) -> bool:
    """Whether a pair's function can lose its names: a mined one of the language that renaming knows."""
    return pair.language == "python" and not pair.is_search


def vary_query(pair: TrainingPair, rng: random.Random) -> str:
    """Draw a form of a docstring's first paragraph: whole, its first clause, or that clause's content words."""
    draw = rng.random()
    if draw > SHARE_WHOLE + SHARE_SHORT:
        return _content_words(pair.query)
    return first_clause(pair.query) if draw > SHARE_WHOLE else pair.query


def vary_function(pair: TrainingPair, rng: random.Random, *, renamed: bool = False) -> str:
    """Draw one of the forms in which a pair's function may meet the model.

    Args:
        pair: The pair.
        rng: Source of randomness.
        renamed: Replace function and variable names by ones that say nothing, and leave the doc comment out.

    Returns:
        Function text.
    """
    if renamed:
        return rename_text(pair.name, pair.code, pair.language)
    named = rng.random() < SHARE_NAMED
    documented = rng.random() < SHARE_DOC
    source = FunctionSource(
        name=pair.name if named else pair.name.rpartition(".")[2],
        code=pair.code,
        doc=pair.more_doc if documented else "",
        language=pair.language,
    )
    return function_text(source)


def plain_texts(pair: TrainingPair) -> tuple[str, str]:
    """Query and function text without variation and without any doc comment: the held-out form."""
    return query_text(pair.query), function_text(FunctionSource(pair.name, pair.code, "", pair.language))


def first_clause(query: str) -> str:
    """The beginning of a sentence, at most SHORT_WORDS long."""
    return " ".join(_CLAUSE_END.split(query, maxsplit=1)[0].split()[:SHORT_WORDS]) or query


def _content_words(query: str) -> str:
    """The words of a sentence's beginning that carry meaning, in lower case."""
    words = [word.lower() for word in _WORD.findall(first_clause(query))]
    kept = [word for word in words if word not in FILLER]
    return " ".join(kept) if len(kept) >= 2 else query


def _after_first_paragraph(doc: str) -> str:
    """What a doc comment says after the paragraph that became the query."""
    return re.split(r"\n\s*\n", doc.strip(), maxsplit=1)[1].strip() if re.search(r"\n\s*\n", doc.strip()) else ""
