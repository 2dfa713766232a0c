"""A definition whose body cannot be read keeps its name, lines and container, and so does what is around it."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import extract_definitions
from cascode_indexer.extract.layout import closers
from cascode_indexer.types import FUNCTION_KINDS, Definition, Kind

#: A class with the methods ``a`` and ``b``, whose bodies are ``A`` and ``B``, by language.
CLASSES = {
    "c_sharp": "class Door\n{\n    void a()\n    {\n        A\n    }\n\n    void b()\n    {\n        f();\n    }\n}\n",
    "cpp": "class Door {\n  void a() {\n    A\n  }\n\n  void b() {\n    f();\n  }\n};\n",
    "java": "class Door {\n    void a() {\n        A\n    }\n\n    void b() {\n        f();\n    }\n}\n",
    "javascript": "class Door {\n  a() {\n    A\n  }\n\n  b() {\n    f();\n  }\n}\n",
    "kotlin": "class Door {\n    fun a() {\n        A\n    }\n\n    fun b() {\n        f()\n    }\n}\n",
    "php": "<?php\nclass Door\n{\n    function a()\n    {\n        A\n    }\n\n    function b()\n    {\n    }\n}\n",
    "python": "class Door:\n    def a(self):\n        A\n\n    def b(self):\n        return 1\n",
    "ruby": "class Door\n  def a\n    A\n  end\n\n  def b\n    1\n  end\nend\n",
    "swift": "class Door {\n    func a() {\n        A\n    }\n\n    func b() {\n        f()\n    }\n}\n",
    "typescript": "class Door {\n  a(): void {\n    A\n  }\n\n  b(): void {\n    f();\n  }\n}\n",
}
#: What is being typed, by language.
TYPED = {
    "c_sharp": ("if (x) {", "else {", 'x = "abc', "f(", "x = y.", "a?.B = 1;"),
    "cpp": ("if (x) {", "else {", 'x = "abc', "f(", "x = y.", "/*", "if consteval { f(); } else { g(); }"),
    "java": ('x = "abc', "if (x) {", "else {", "f(", "x = y."),
    "javascript": ("x = [1, 2", "if (x) {", "f(", "x = {", "x = `abc"),
    "kotlin": ('val x = "abc', "if (x) {", "f(", "x = y.", "val y = when (x) { is String if x.length > 1 -> 1 }"),
    "php": ("if ($x) {", "f(", "$x = [1, 2", '$x = "abc'),
    "python": ("x = (1,", "f(", "x = [1, 2", "if x"),
    "ruby": ("y =", "self_x.", "if x", "a +", "return (", "foo(", "[1, 2", "else", "x.each do |y|"),
    "swift": ('let x = "abc', "if x {", "f(", "x = y."),
    "typescript": ("x = [1, 2", "if (x) {", "f(", "x = {", "const x: Map<"),
}


def _found(source: str, language: str) -> list[Definition]:
    return list(extract_definitions(source, language).definitions)


@pytest.mark.parametrize(("language", "typed"), [(key, typed) for key, lines in TYPED.items() for typed in lines])
def test_a_class_and_its_methods_are_found_while_one_is_written(language: str, typed: str) -> None:
    """Their names and lines are those that they have when the line is finished."""
    whole = _found(CLASSES[language].replace("A\n", "\n", 1) if language != "python" else CLASSES["python"], language)
    broken = _found(CLASSES[language].replace("A\n", f"{typed}\n", 1), language)
    assert [(item.qualified_name, item.start_line, item.end_line, item.kind) for item in broken] == [
        (item.qualified_name, item.start_line, item.end_line, item.kind) for item in whole
    ]


def test_a_function_whose_body_is_hidden_keeps_its_code_and_head() -> None:
    """The head may be spread over several lines, and the code is that of the source."""
    function = "    private static int a(\n        int x,\n        int y)\n    {\n        if (x) {\n    }"
    source = f"class Door\n{{\n{function}\n\n    void b()\n    {{\n        f();\n    }}\n}}\n"
    door, a, _ = _found(source, "c_sharp")
    assert (door.qualified_name, door.start_line, door.end_line) == ("Door", 1, 14)
    assert (a.qualified_name, a.signature, a.code) == ("Door.a", "private static int a(int x, int y)", function)


def test_the_outline_of_a_class_shows_what_has_no_error() -> None:
    """Fields and signatures are in it, those of the method that is being written too."""
    source = "class Door {\n  angle = 0;\n\n  open(width) {\n    x = [1, 2\n  }\n\n  close() {\n    f();\n  }\n}\n"
    door = _found(source, "javascript")[0]
    assert door.code == "class Door {\n  angle = 0;\n  open(width)\n  close()\n}"


def test_classes_in_one_another_are_both_found() -> None:
    """The inner one is a part of the outer one that can be read when its own method is hidden."""
    inner = "    class Hinge\n    {\n        void a()\n        {\n            if (x) {\n        }\n    }\n"
    source = f"namespace House\n{{\n  class Door\n  {{\n{inner}\n    void b()\n    {{\n      f();\n    }}\n  }}\n}}\n"
    assert [(item.qualified_name, item.start_line, item.end_line) for item in _found(source, "c_sharp")] == [
        ("House.Door", 3, 17),
        ("House.Door.Hinge", 5, 11),
        ("House.Door.Hinge.a", 7, 10),
        ("House.Door.b", 13, 16),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "class Door {\n    val s: X\n        field = f(1)\n\n    fun g() {\n        f()\n    }\n}\n",
            [("Door", 1, 8), ("Door.g", 5, 7)],
        ),
        (
            "class Door {\n    context(a: A)\n    fun g() {\n        f()\n    }\n}\n",
            [("Door", 1, 6), ("Door.g", 3, 5)],
        ),
    ],
)
def test_forms_that_a_grammar_does_not_know_hide_nothing(source: str, expected: list[tuple[str, int, int]]) -> None:
    """Explicit backing fields and context parameters of Kotlin cost no class."""
    assert [(item.qualified_name, item.start_line, item.end_line) for item in _found(source, "kotlin")] == expected


@pytest.mark.parametrize("rest", ["        g();\n", "        g();\n    return 1;\n"])
def test_a_brace_left_open_in_c_makes_no_inner_functions(rest: str) -> None:
    """Those that follow are functions of their own, and the first one ends where it is laid out to."""
    source = (
        f"int a(void)\n{{\n    if (x) {{\n{rest}}}\n\nint b(void)\n{{\n    g();\n}}\n\nint c(void)\n{{\n    g();\n}}\n"
    )
    end = 5 + rest.count("\n") - 1
    assert [(item.qualified_name, item.start_line, item.end_line) for item in _found(source, "c")] == [
        ("a", 1, end),
        ("b", end + 2, end + 5),
        ("c", end + 7, end + 10),
    ]


def test_a_head_whose_bracket_stays_open_is_looked_through_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice the lines cost about twice the work: the brackets were counted from the head again for every line."""
    counted = 0

    def counting(lines: list[bytes]) -> list[bytes]:
        nonlocal counted
        counted += len(lines)
        return closers(lines)

    monkeypatch.setattr("cascode_indexer.extract.layout.closers", counting)
    costs = []
    for lines in (400, 800):
        counted = 0
        _found("def f(a, (b\n" + "    x = g(i)\n" * lines, "python")
        costs.append(counted)
    assert costs[1] < 3 * costs[0]


def test_broken_types_are_looked_through_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the types cost twice the work: for each of them all that was found was looked at."""
    looked = 0

    class Counting(frozenset[Kind]):
        def __contains__(self, kind: object) -> bool:
            nonlocal looked
            looked += 1
            return super().__contains__(kind)

    monkeypatch.setattr("cascode_indexer.extract.reread.FUNCTION_KINDS", Counting(FUNCTION_KINDS))
    costs = []
    for types in (20, 40):
        looked = 0
        door = CLASSES["c_sharp"].replace("A\n", "else {\n", 1)
        found = _found("".join(door.replace("Door", f"Door{at}") for at in range(types)), "c_sharp")
        assert len(found) == 3 * types
        costs.append(looked)
    assert costs[1] < 3 * costs[0]


def test_the_code_of_a_broken_function_goes_to_its_last_line() -> None:
    """Also where the word that stands for its body while it is read is in it."""
    source = "def a(x):\n    if x:\n        pass\n    return int(\n\n\ndef b():\n    return 1\n"
    a, b = _found(source, "python")
    assert a.code == "def a(x):\n    if x:\n        pass\n    return int("
    assert (a.start_line, a.end_line) == (1, 4)
    assert b.name == "b"
