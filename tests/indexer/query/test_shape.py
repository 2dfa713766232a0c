"""What a query is taken for, by the shape of its words."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import source_suffixes
from cascode_indexer.query import Query, QueryKind
from cascode_indexer.query.shape import kind_of, names_in


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("retry_upload", QueryKind.IDENTIFIER),
        ("HTTPAdapter", QueryKind.IDENTIFIER),
        ("Session.send", QueryKind.IDENTIFIER),
        ("std::sort", QueryKind.IDENTIFIER),
        ("cache", QueryKind.IDENTIFIER),
        ("src/upload/retry.py", QueryKind.PATH),
        ("C:\\shop\\src\\retry.py", QueryKind.PATH),
        ("src\\upload", QueryKind.PATH),
        ("retry.py", QueryKind.PATH),
        ("main.go", QueryKind.PATH),
        ("date-range.test.ts", QueryKind.PATH),
        ("Retry.C++", QueryKind.PATH),
        ("where do we retry a failed upload", QueryKind.SENTENCE),
        ("parse config", QueryKind.SENTENCE),
        ("errors when a file is missing", QueryKind.SENTENCE),
        ("tests that the upload is retried...", QueryKind.SENTENCE),
        ("go back to the previous page", QueryKind.SENTENCE),
        ("Retries a failed upload with backoff.", QueryKind.DESCRIPTION),
        ("Returns the port of an address", QueryKind.DESCRIPTION),
        ("checks whether the queue is empty", QueryKind.DESCRIPTION),
        ("python check if a list is empty", QueryKind.GENERAL),
        ("how to sort a map in C++", QueryKind.GENERAL),
        ("how do I sort a map in Java?", QueryKind.GENERAL),
        ("JavaScript sort an array", QueryKind.GENERAL),
        ("check a type in TypeScript", QueryKind.GENERAL),
        ("where does JavaScript learn the path", QueryKind.SENTENCE_WITH_NAME),
        ("why does JavaScript call retry_upload", QueryKind.SENTENCE_WITH_NAME),
        ("python retries the_upload twice", QueryKind.SENTENCE_WITH_NAME),
        ("version 1.2.3 of the api", QueryKind.SENTENCE),
        ("def retry_upload(self, file):", QueryKind.SENTENCE_WITH_NAME),
        ("how does Session.send retry", QueryKind.SENTENCE_WITH_NAME),
        ("who calls `retry_upload`", QueryKind.SENTENCE_WITH_NAME),
        ("why does open() hang", QueryKind.SENTENCE_WITH_NAME),
        ("", QueryKind.SENTENCE),
    ],
)
def test_kind(query: str, kind: QueryKind) -> None:
    """One word is a name or a path; several are a sentence, a description, or with a name or a language in it."""
    assert kind_of(query) is kind


@pytest.mark.parametrize("suffix", sorted(source_suffixes()))
def test_a_file_of_any_language_is_a_path(suffix: str) -> None:
    """The endings are those that the languages claim, whichever are added."""
    assert kind_of(f"retry{suffix}") is QueryKind.PATH


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("retry_upload", ["retry_upload"]),
        ("retry_upload()", ["retry_upload"]),
        ("cache", ["cache"]),
        ("the", []),
        ("how does Session.send, or retryUpload, work?", ["Session.send", "retryUpload"]),
        ("what does open() do", ["open"]),
        ("parse the config file", []),
        ("Calls retry_upload.", ["retry_upload"]),
        ("see (retry_upload), or (Session.send()).", ["retry_upload", "Session.send"]),
        ("see *retry_upload*", ["retry_upload"]),
        ("(retry_upload)", ["retry_upload"]),
        ("retry_upload.", ["retry_upload"]),
        ("empty?", ["empty?"]),
        ("operator[]", ["operator[]"]),
        ("()", []),
        ("retryUpload(file)", ["retryUpload"]),
        ("super().send", ["super().send"]),
        ("retry_upload(file, 3)", ["retry_upload"]),
        ("retry_upload(list(files_of(x)), 3)", ["retry_upload"]),
        ("def retry_upload(self, max_tries=3):", ["retry_upload"]),
        ("int Foo::bar(int max_size) const", ["Foo::bar"]),
        ("func (c *Cart) Add(item Item) error", ["Add"]),
        ("char *retry_upload(int x)", ["retry_upload"]),
        ("Foo::~Foo() runs twice", ["Foo::~Foo"]),
        ("why is Pool<T>::size slow", ["Pool::size"]),
        ("App\\Models\\User::find fails", ["App\\Models\\User::find"]),
        ("run tests/test_x.py::TestFoo::test_bar again", ["tests/test_x.py::TestFoo::test_bar"]),
        ("HTTPAdapter send", ["HTTPAdapter"]),
        ("APIs of two URLs", []),
        ("JUnit and OAuth", []),
        ("read a bit(1) or a decimal(10, 2)", []),
        ("what does on() do", ["on"]),
        ("in the folder AppData\\Local", []),
        ("a new Shop\\Models\\Cart", ["Shop\\Models\\Cart"]),
        ("before(:all) is not run", ["before"]),
        ("all function(s) and class(es)", []),
        ("if(a, b) it is so", []),
        ("version 1.2.3 of 10.5 percent", []),
        ("python3.11 in 3D with 10_000 points", []),
        ("Shut it down, e.g. by hand (i.e. now), etc.", []),
    ],
)
def test_names(query: str, names: list[str]) -> None:
    """Words that only code spells so, without brackets and punctuation; a bare word may be a name."""
    assert names_in(query) == names


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    [
        "a(",
        "a()",
        "a(b ",
        "a(()",
        "(",
        ")",
        "a<",
        "a<b>",
        "a.",
        "aA",
        "a_",
        "A\\",
        "a/",
        "a::",
        "a).",
        "[a]",
        "AAaa",
        "a(b)",
    ],
)
def test_names_are_looked_for_in_no_time(unit: str) -> None:
    """In a word without an end, in one of a sentence, and in as many words as there may be."""
    for text in (unit, f"{unit} ", f"{unit}\n"):
        names_in(text * (100_000 // len(text)))
    names_in(f"see {unit * (100_000 // len(unit))}-")


@pytest.mark.parametrize(
    ("query", "judged_as"),
    [
        ("retry_upload", "identifier"),
        ("Session.send", "identifier"),
        ("cookies", "word"),
        ("upsertall", "word"),
        ("src/app.py", "path"),
        ("where are cookies kept", "sentence"),
    ],
)
def test_a_bare_word_is_judged_apart(query: str, judged_as: str) -> None:
    """It names a topic as often as a definition; whatever else there is, is judged as its kind."""
    assert Query.of(query).judged_as == judged_as


def test_a_query_is_recognised_once() -> None:
    """All that later steps read stands in the query."""
    query = Query.of("Where are uploads retried by retry_upload?")
    assert query.kind is QueryKind.SENTENCE_WITH_NAME
    assert query.names == ("retry_upload",)
    assert query.terms == ("uploads", "retried", "retry", "upload")
    assert query.stems == {"upload", "retr"}
    assert query.asked_words == {"where", "are", "uploads", "retried", "by", "retry", "upload"}


def test_code_asks_for_nothing() -> None:
    """Words of code are looked up, but name no definition and ask for no tests."""
    query = Query.of_code("def test_upload(): retry_upload()")
    assert query.kind is QueryKind.CODE
    assert query.names == ()
    assert query.stems == query.asked_words == frozenset()
    assert "upload" in query.looked_up


def test_a_pasted_page_is_looked_up_by_its_first_words() -> None:
    """No more than 32 terms are looked up; all of them count in ranking."""
    query = Query.of(" ".join(f"q{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(60)))
    assert len(query.terms) == 60
    assert query.looked_up == query.terms[:32]
