"""Sizes and words that the code keeps to."""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "indexer", "lab", "library", "server")
BESIDE = ("tests", "benchmarks", "scripts")

#: Lines above which a file has a seam.
MOST_LINES = 400
#: Attributes above which a class has one, fields of data among them.
MOST_ATTRIBUTES = 10
#: Classes that have more, with the reason.
LARGER_CLASSES = {
    "indexer/cascode_indexer/extract/facts.py:LanguageFacts": "a language is described in one place",
    "indexer/cascode_indexer/extract/items.py:Item": "what is known of a definition while its source is read",
    "indexer/cascode_indexer/extract/spec.py:LanguageSpec": "a language is described in one place",
    "indexer/cascode_indexer/extract/sweep.py:Sweep": "see its docstring",
    "indexer/cascode_indexer/indexing/types.py:IndexReport": "public data: what an update did",
    "indexer/cascode_indexer/indexing/types.py:WorkspaceStatus": "public data: what a status shows",
    "indexer/cascode_indexer/search/types.py:Answer": "public data: what a search gives",
    "indexer/cascode_indexer/search/types.py:Hit": "public data: what is shown of a hit",
    "indexer/cascode_indexer/types.py:Definition": "data: what extraction finds out about a definition",
    "indexer/cascode_indexer/types.py:StoredDefinition": "a row of the store",
    "indexer/cascode_indexer/team/types.py:TeamDefinition": "a row of the team's index",
    "indexer/cascode_team/loading/types.py:Row": "a row of the team's index",
    "lab/cascode_lab/evaluation/results.py:Results": "the shape of a file",
    "lab/cascode_lab/literature/results.py:SystemResult": "the shape of a file",
    "lab/cascode_lab/training/config.py:StageConfig": "settings, each read from a preset by its name",
    "lab/cascode_lab/training/config.py:TrainingConfig": "settings, each read from a preset by its name",
    "lab/cascode_lab/training/release.py:Release": "the shape of a file",
    "models/cascode_models/configuration.py:CasCodeConfig": "the shape of config.json",
    "models/cascode_models/serving.py:ServingNetwork": "a network: its parts and its shape",
    "models/cascode_models/settings.py:ModelSettings": "the shape of config.json",
    "server/cascode_server/lsp/client.py:Client": "what a client says of itself in one message",
    "server/cascode_server/lsp/session.py:Session": "see its docstring",
    "server/cascode_server/relay/journal.py:Journal": "what is known of a session that is followed from outside",
    "server/cascode_server/schema/shapes.py:PlainHit": "a shape of the wire",
    "server/cascode_server/schema/shapes.py:ServerStatus": "a shape of the wire",
    "tests/server/lsp/conftest.py:Editor": "a client: its streams, what it received, and how it answers",
    "tests/server/lsp/soak_person.py:Person": "what a person at an editor has open and has asked",
}
#: Words that had become a habit, with what says it plainly.
HABITS = re.compile(r"\b(?:tells?|told|telling|anew|mend(?:s|ed|ing)?|senseless|to be had)\b", re.IGNORECASE)


@functools.cache
def sources() -> dict[str, str]:
    """Every Python file by its path, fixtures left out."""
    paths = [path for folder in (*PACKAGES, *BESIDE) for path in sorted((ROOT / folder).rglob("*.py"))]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return {name: text for name, text in texts.items() if "/fixtures/" not in name}


@functools.cache
def trees() -> dict[str, ast.Module]:
    """The same, parsed."""
    return {name: ast.parse(text) for name, text in sources().items()}


def attributes_of(node: ast.ClassDef) -> set[str]:
    """Names of the fields that a class declares and of the attributes that its methods set on ``self``."""
    declared = {
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
    return declared | {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute)
        and isinstance(inner.ctx, ast.Store)
        and isinstance(inner.value, ast.Name)
        and inner.value.id == "self"
    }


def words_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of the comments and strings of a source."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING) or token.type == getattr(tokenize, "FSTRING_MIDDLE", -1):
            yield token.start[0], token.string


def binds_one(node: ast.AST) -> bool:
    """Whether a node binds a variable or parameter called ``one``."""
    if isinstance(node, ast.Name):
        return node.id == "one" and isinstance(node.ctx, ast.Store)
    return isinstance(node, ast.arg) and node.arg == "one"


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    """A longer file is split where it falls into parts."""
    lengths = {name: text.count("\n") for name, text in sources().items()}
    assert len(lengths) > 300
    assert {name: count for name, count in lengths.items() if count > MOST_LINES} == {}


def test_classes_with_many_attributes_are_listed_with_a_reason() -> None:
    """A class beside the list is split, and one that was split leaves the list."""
    larger = {
        f"{name}:{node.name}"
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and len(attributes_of(node)) > MOST_ATTRIBUTES
    }
    assert larger == set(LARGER_CLASSES)


def test_attributes_are_counted_wherever_a_class_makes_them() -> None:
    """Fields, what methods set, in tuples too; not what they read or set on others."""
    source = (
        "class A:\n    x: int\n\n    def f(self, other):\n"
        "        self.y, (self.z, other.w) = self.v\n        for self.i in ():\n            self.n += 1\n"
    )
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.ClassDef)
    assert attributes_of(node) == {"x", "y", "z", "i", "n"}


def test_messages_and_docstrings_use_plain_words() -> None:
    """Comments, docstrings and messages of the packages say "report" or "detect", "again", "fix"."""
    found = [
        f"{name}:{line}: {habit[0]}"
        for name, text in sources().items()
        if name.startswith(PACKAGES) and HABITS.search(text)
        for line, words in words_of(text)
        for habit in HABITS.finditer(words)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "habits"),
    [
        ('"""Told what it is."""', ["Told"]),
        ("x = 1  # mend it", ["mend"]),
        ('f"made anew: {told}"', ["anew"]),
        ("told = recommended(retells)", []),
    ],
)
def test_words_are_looked_for_in_texts_alone(source: str, habits: list[str]) -> None:
    """Names of variables and parts of longer words are no texts."""
    found = [habit[0] for _, words in words_of(source + "\n") for habit in HABITS.finditer(words)]
    if source.startswith("f"):  # before Python 3.12 the whole of an f-string is one token
        found = [word for word in found if word != "told"]
    assert found == habits


def test_variables_say_what_they_hold() -> None:
    """``one`` says nothing: a loop variable is named after the thing it is."""
    found = [
        f"{name}:{node.lineno}"  # type: ignore[attr-defined]
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if binds_one(node)
    ]
    assert found == []
