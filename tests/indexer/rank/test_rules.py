"""Each ranking rule on its own: what it says of one candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from candidates import candidate, definition
from cascode_indexer.query import Query, QueryKind
from cascode_indexer.rank.rules import RULES
from cascode_indexer.rank.types import Candidate, Pool
from cascode_indexer.rank.weights import FAST, LATE, WORDS_ALONE

#: Two others in a file of their own: the range that a candidate is measured in.
OTHERS = (
    candidate("best", "src/other.py", similarity=0.6, bm25=8.0),
    candidate("weak", "src/other.py", similarity=0.2, bm25=2.0),
)
POOL = Pool.of(OTHERS)


def measured(rule: str, query: str | Query, found: Candidate, pool: Pool = POOL) -> float:
    """What a rule says of a candidate beside others."""
    asked = Query.of(query) if isinstance(query, str) else query
    return RULES[rule].measure(asked, found, pool)


@pytest.mark.parametrize(
    ("similarity", "bm25", "expected"),
    [(0.4, 8.0, 0.4), (0.0, 8.0, 0.0), (-0.1, 0.0, -0.1), (None, 8.0, 0.6), (None, 0.0, 0.2), (None, 4.0, 0.4)],
)
def test_similarity(similarity: float | None, bm25: float, expected: float) -> None:
    """The cosine counts; without a vector the words place a definition between the weakest and the best."""
    assert measured("similarity", "x", candidate(similarity=similarity, bm25=bm25)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("upsertall", "Table.upsert_all", 1.0),
        ("Table.upsertAll", "db.Table.upsert_all", 1.0),
        # Trigrams of "  openfil " and "  openfile ": 7 of 8 and 9 are common.
        ("open_fil", "open_file", (14 / 17 - 0.4) / 0.6),
        ("open_fil", "File.open", (8 / 13 - 0.4) / 0.6),
        ("open_fil", "find_all", 0.0),
        # A container is compared with the container: "  re  search " and "  research ".
        ("re.search", "research", (14 / 20 - 0.4) / 0.6),
        ("re.search", "regex.Regex.search", (18 / 25 - 0.4) / 0.6),
        ("$()", "_", 0.0),
        # What is longer than any name is data: its beginning is compared.
        ("get_x" * 60, "get_x" * 40 + "y" * 300, 1.0),
        ("where does upsertall stand", "upsert_all", 0.0),
    ],
)
def test_spelling(query: str, name: str, expected: float) -> None:
    """The letters count, not what separates them; no name in the query is spelled like nothing."""
    assert measured("spelling", query, candidate(name)) == pytest.approx(expected)


@pytest.mark.parametrize(("bm25", "expected"), [(8.0, 1.0), (2.0, 0.25), (0.0, 0.0)])
def test_words(bm25: float, expected: float) -> None:
    """BM25 counts beside the best of the query."""
    assert measured("words", "x", candidate(bm25=bm25)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("Session.send", "http.Session.send", 1.0),
        ("Session::send", "Session.send", 1.0),
        ("Session#send", "Session.send", 1.0),
        ("Session->send()", "Session.send", 1.0),
        ("send", "Session.send", 1.0),
        ("retryUpload", "retry_upload", 0.8),
        ("retryUpload", "Client.retry_upload", 0.8),
        ("retryupload", "Client.retry_upload", 0.8),
        ("retryuploads", "Client.retry_upload", 0.0),
        ("Table.upsertAll", "db.Table.upsert_all", 0.8),
        ("re.search", "research", 0.0),
        ("db.open", "dbopen", 0.0),
        ("$()", "_", 0.0),
        ("Session.Send", "Session.send", 0.8),
        ("Session.send", "Other.send", 0.0),
        ("send", "Session.resend", 0.0),
        ("resend", "Session.send", 0.0),
        ("why does retry_upload hang", "retry_upload", 1.0),
        ("why do retried uploads hang", "retry_upload", 0.0),
    ],
)
def test_definition(query: str, name: str, expected: float) -> None:
    """The name asked for, however it is joined and spelled, and no other."""
    assert measured("definition", query, candidate(name)) == expected


@pytest.mark.parametrize(
    ("query", "name", "path", "expected"),
    [
        ("requests.sessions.Session.send", "Session.send", "src/requests/sessions.py", 0.9),
        ("requests.sessions.Session.send", "Session.send", "lib/http.py", 0.45),
        ("requests.sessions.Session.send", "send", "lib/http.py", 0.0),
        ("requests.sessions.Session.send", "Other.send", "src/requests/sessions.py", 0.0),
        ("requests.sessions.Session.Send", "Session.send", "src/requests/sessions.py", 0.72),
        ("com.acme.UserService#find", "UserService.find", "src/main/java/com/acme/UserService.java", 0.9),
        ("com.acme.UserService#find", "UserService.find", "src/main/java/org/other/UserService.java", 0.45),
        ("crate::cart::Cart::add", "Cart.add", "src/cart.rs", 0.9),
        ("tests/test_x.py::TestFoo::test_bar", "TestFoo.test_bar", "tests/test_x.py", 0.9),
        ("tests/test_x.py::test_bar[a-1]", "test_bar", "tests/test_x.py", 0.9),
        ("tests/test_x.py::test_bar", "test_bar", "lib/test_y.py", 0.0),
        ("cart.New", "New", "shop/cart/new.go", 0.9),
        ("cart.New", "New", "shop/order/new.go", 0.0),
        ("shop/cart.New", "New", "cart/new.go", 0.81),
        ("np.array", "array", "src/util.py", 0.0),
        ("self.send", "Session.send", "src/a.py", 1.0),
        ("super().send", "Session.send", "src/a.py", 1.0),
        ("$this->send", "Session.send", "src/a.php", 1.0),
        ("self.send", "Session.resend", "src/a.py", 0.0),
        ("Foo.prototype.bar", "Foo.bar", "src/foo.js", 1.0),
        ("Pool<T>::size", "Pool.size", "src/pool.h", 1.0),
        ("Map<K,List<V>>::size", "Map.size", "src/map.h", 1.0),
        ("App\\Models\\User::find", "App.Models.User.find", "src/a.php", 1.0),
    ],
)
def test_a_name_with_its_modules(query: str, name: str, path: str, expected: float) -> None:
    """What stands before all of a definition's own name is looked for in its path."""
    assert measured("definition", query, candidate(name, path)) == pytest.approx(expected)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["a.", "a<", "a<b>", "a[", "a[b]", "()", "self.", "\\", ".py::"])
def test_a_name_without_end_is_taken_apart_in_no_time(unit: str) -> None:
    """However it is made up."""
    assert measured("definition", unit * (100_000 // len(unit)), candidate()) == 0.0


@pytest.mark.timeout(20)
def test_many_names_take_no_time() -> None:
    """A report may hold thousands, and there are hundreds of candidates."""
    query = Query.of(" ".join(f"some_name{at}" for at in range(3000)))
    assert [measured("definition", query, candidate(f"some_name{at}")) for at in range(300)] == [1.0] * 300


def test_a_name_may_hold_a_dot() -> None:
    """R's ``print.frame`` is a function of that name, not a member of something."""
    found = replace(candidate(), definition=replace(definition("print.frame"), name="print.frame"))
    assert measured("definition", "print_frame", found) == 0.8
    assert measured("spelling", "printfram", found) > 0.5


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("retry the upload", "retry_upload", 1.0),
        ("retried uploads", "retry_upload", 1.0),
        ("retry it", "Client.retry_upload", 0.5),
        ("open the file", "the_file", 1.0),
        ("open the door", "retry_upload", 0.0),
        ("send it", "__", 0.0),
    ],
)
def test_name(query: str, name: str, expected: float) -> None:
    """The share of the name that is spelled, endings and common words apart, the container's name not counted."""
    assert measured("name", query, candidate(name)) == expected


@pytest.mark.parametrize(
    ("query", "path", "expected"),
    [
        ("the retry policy", "src/http/retry.py", 1.0),
        ("the retry policy", "src/retry/client.py", 0.0),
        ("the retry policy", "src/retry_client.py", 0.5),
        ("run the makefile", "Makefile", 1.0),
        ("x", "__.py", 0.0),
    ],
)
def test_file(query: str, path: str, expected: float) -> None:
    """The share of the file's own name, ending and folders apart."""
    assert measured("file", query, candidate(path=path)) == expected


@pytest.mark.parametrize(
    ("query", "path", "expected"),
    [
        ("upload/retry.py", "src/upload/retry.py", 1.0),
        ("src\\upload\\Retry.py", "src/upload/retry.py", 1.0),
        ("src/upload/", "src/upload/retry.py", 1.0),
        ("./upload/retry.py", "src/upload/retry.py", 1.0),
        (".\\upload\\retry.py", "src/upload/retry.py", 1.0),
        ("/home/me/shop/src/upload/retry.py", "src/upload/retry.py", 1.0),
        ("C:\\shop\\src\\upload\\Retry.py", "src/upload/retry.py", 1.0),
        ("~/shop/retry.py", "retry.py", 1.0),
        ("upload/retry.py", "retry.py", 0.0),
        ("/home/me/shop/noretry.py", "retry.py", 0.0),
        ("retry.py", "src/upload/retry.py", 1.0),
        ("retry.py", "src/upload/noretry.py", 0.0),
        ("load/retry.py", "src/upload/retry.py", 0.0),
        ("retry", "src/upload/retry", 0.0),
        ("/shop is slow, it hangs in /shop/retry.py", "shop/retry.py", 0.0),
    ],
)
def test_path(query: str, path: str, expected: float) -> None:
    """A path asked for matches at its borders, in either separator; a name is no path."""
    assert measured("path", query, candidate(path=path)) == expected


@pytest.mark.parametrize(
    ("query", "path", "expected"),
    [
        ("retry an upload", "src/upload.py", 0.0),
        ("retry an upload", "tests/upload.py", 1.0),
        ("retry an upload", "src/__tests__/upload.js", 1.0),
        ("retry an upload", "src/test_upload.py", 1.0),
        ("retry an upload", "src/upload_test.go", 1.0),
        ("retry an upload", "src/upload.spec.ts", 1.0),
        ("retry an upload", "src/UploadTest.java", 1.0),
        ("retry an upload", "src/contest.py", 0.0),
        ("test of a retried upload", "tests/upload.py", 0.0),
        ("example of an upload", "tests/upload.py", 1.0),
    ],
)
def test_tests(query: str, path: str, expected: float) -> None:
    """Tests count against a definition, unless they are asked for."""
    assert measured("tests", query, candidate(path=path)) == expected


@pytest.mark.parametrize(
    ("query", "path", "expected"),
    [
        ("retry an upload", "src/upload.py", 0.0),
        ("retry an upload", "examples/upload.py", 1.0),
        ("example of an upload", "examples/upload.py", 0.0),
        ("retry an upload", "src/compat/upload.py", 1.0),
        ("legacy upload", "src/legacy/upload.py", 0.0),
        ("retry an upload", "src/upload.pyi", 1.0),
        ("retry an upload", "src/upload.d.ts", 1.0),
    ],
)
def test_aside(query: str, path: str, expected: float) -> None:
    """Examples, shims and stubs count against a definition, unless they are asked for."""
    assert measured("aside", query, candidate(path=path)) == expected


def test_file_similarity() -> None:
    """The best of the file's other candidates counts, never the candidate itself."""
    best, second, alone = (
        candidate("a", "src/a.py", similarity=0.7),
        candidate("b", "src/a.py", similarity=0.5),
        candidate("c", "src/c.py", similarity=0.9),
    )
    pool = Pool.of([best, second, alone])
    assert measured("file_similarity", "x", best, pool) == 0.5
    assert measured("file_similarity", "x", second, pool) == 0.7
    assert measured("file_similarity", "x", alone, pool) == 0.0


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("retry in the upload client", "UploadClient.retry", 1.0),
        ("retry in the client", "net.UploadClient.retry", 0.5),
        ("retry uploads", "retry", 0.0),
        ("send it", "Session.send", 0.0),
    ],
)
def test_container(query: str, name: str, expected: float) -> None:
    """The share of the innermost container's name that is spelled."""
    assert measured("container", query, candidate(name)) == expected


@pytest.mark.parametrize(("lines", "expected"), [(1, 0.0), (10, 1 / 3), (100, 2 / 3), (1_000, 1.0), (50_000, 1.0)])
def test_size(lines: int, expected: float) -> None:
    """The logarithm of the lines, up to a thousand; a type is as large as any other."""
    assert measured("size", "x", replace(candidate(), definition=definition(lines=lines))) == pytest.approx(expected)
    large = replace(candidate(), definition=definition(kind="class", lines=lines))
    assert measured("size", "x", large) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("strip the ansi codes", "strip_ansi", 1 / 3),
        ("strip the codes", "strip_ansi", 0.0),
        ("strip the ansi codes", "strip", 0.0),
    ],
)
def test_a_short_function_whose_whole_name_is_asked_for_is_not_small(query: str, name: str, expected: float) -> None:
    """It does what its name says in one line; a single common word says too little."""
    one_line = replace(candidate(), definition=definition(name, lines=1))
    assert measured("size", query, one_line) == pytest.approx(expected)
    assert measured("size", query, replace(candidate(), definition=definition(name, lines=100))) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("kind", "expected"), [("class", 1.0), ("trait", 1.0), ("method", 0.0), ("constant", 0.0)])
def test_types(kind: str, expected: float) -> None:
    """Types are separated from functions and constants."""
    assert measured("types", "x", candidate(kind=kind)) == expected


@pytest.mark.parametrize(
    ("query", "kind", "expected"),
    [
        ("the class of a session", "class", 1.0),
        ("the class of a session", "method", -1.0),
        ("exceptions for bad configuration", "class", 1.0),
        ("how a session is opened", "class", 0.0),
        ("how a session is opened", "method", 0.0),
    ],
)
def test_types_asked(query: str, kind: str, expected: float) -> None:
    """Where a type is asked for types are lifted and others lowered; else neither."""
    assert measured("types_asked", query, candidate(kind=kind)) == expected


def at_frames(query: str, found: Candidate, *others: Candidate) -> float:
    """What the rule of frames says of a candidate beside others."""
    pool = Pool.of([found, *others], Query.of(query).frames)
    return measured("frame", query, found, pool)


@pytest.mark.parametrize(
    ("name", "path", "lines", "expected"),
    [
        ("Cart.add", "shop/cart.py", 2, 1.0),
        ("Cart.remove", "shop/cart.py", 20, 0.5),
        ("Cart.remove", "shop/cart.py", 2, 0.0),
        ("Cart.abandon", "shop/cart.py", 2, 0.0),
        ("main", "shop/main.py", 2, 0.5),
        ("add", "shop/other.py", 20, 0.0),
    ],
)
def test_frame(name: str, path: str, lines: int, expected: float) -> None:
    """The innermost frame's function counts most; a line inside another function of the file counts half."""
    trace = 'File "/x/shop/main.py", line 40, in main\nFile "/x/shop/cart.py", line 12, in add\nValueError'
    innermost = candidate("Cart.add", "shop/cart.py")
    assert at_frames(trace, candidate(name, path, lines=lines), innermost) == expected


def test_frames_of_libraries_do_not_count() -> None:
    """However many are inside of those of the workspace."""
    library = "".join(f'File "/venv/site-packages/orm/at{at}.py", line 3, in run\n' for at in range(30))
    trace = f'File "/x/shop/main.py", line 40, in main\nFile "/x/shop/cart.py", line 12, in add\n{library}'
    inner, outer = candidate("Cart.add", "shop/cart.py"), candidate("main", "shop/main.py")
    assert at_frames(trace, inner, outer) == 1.0
    assert at_frames(trace, outer, inner) == 0.5
    assert at_frames(trace, outer) == 1.0


def test_without_a_traceback_nothing_stands_in_it() -> None:
    """No frame, no evidence."""
    assert at_frames("where are carts added", candidate("Cart.add", "shop/cart.py")) == 0.0


def test_a_place_without_a_name_is_its_line() -> None:
    """``cart.py:12`` asks for what stands there."""
    assert at_frames("cart.py:12", candidate("Cart.add", "shop/cart.py", lines=20)) == 1.0
    assert at_frames("cart.py:12", candidate("Cart.add", "shop/cart.py", lines=5)) == 0.0


@pytest.mark.parametrize(("line", "expected"), [(11, 0.0), (12, 1.0), (14, 1.0), (15, 0.0)])
def test_a_line_lies_in_a_definition_from_its_first_to_its_last(line: int, expected: float) -> None:
    """Both ends belong to it."""
    found = replace(candidate(), definition=replace(definition(path="cart.py"), start_line=12, end_line=14))
    assert at_frames(f"cart.py:{line}", found) == expected


def test_code_asks_for_no_tests() -> None:
    """The words of code that is compared are no request: a test stays demoted although it says 'test'."""
    assert measured("tests", Query.of_code("def test_upload(): assert mock"), candidate(path="tests/a.py")) == 1.0


def test_every_rule_has_a_reason_and_every_weight_a_rule() -> None:
    """Weights name rules that exist; each rule says why it is there and counts for some kind of query."""
    used = {name for table in (FAST, LATE, WORDS_ALONE) for weights in table.values() for name in weights}
    assert used == set(RULES)
    assert all(rule.reason for rule in RULES.values())
    assert set(FAST) == set(WORDS_ALONE) == set(QueryKind)


#: What speaks against a definition.
AGAINST = {"tests", "aside", "types"}


@pytest.mark.parametrize("table", [FAST, WORDS_ALONE], ids=["fast", "words alone"])
def test_what_decides_has_its_sign(table: dict[QueryKind, dict[str, float]]) -> None:
    """Whatever was fitted: meaning and words lift, tests and what stands aside lower."""
    for weights in table.values():
        assert all(weights[name] > 0 for name in ("similarity", "words", "definition", "path") if weights.get(name))
        assert all(weights[name] < 0 for name in AGAINST & set(weights))
        assert "similarity" not in weights or weights["similarity"] == 1.0
