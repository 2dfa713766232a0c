"""Types, modules and constants: which count, what their text is, and that their lines are all of theirs."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import extract_definitions, strip_doc
from cascode_indexer.extract.outline import MAX_CHARACTERS
from cascode_indexer.types import FUNCTION_KINDS, TYPE_KINDS, Definition, Kind, kinds_of


def _found(source: str, language: str, path: str = "") -> list[Definition]:
    definitions = extract_definitions(source, language, path=path).definitions
    return [definition for definition in definitions if definition.kind not in FUNCTION_KINDS]


def _names(source: str, language: str, path: str = "") -> list[tuple[str, str]]:
    return [(definition.qualified_name, definition.kind.value) for definition in _found(source, language, path)]


def test_the_text_of_a_type_is_its_outline_and_its_lines_are_all_of_it() -> None:
    """Head, documentation, fields and signatures stay; bodies, members' documentation and decorators go."""
    source = (
        "@dataclass\nclass Door(Base):\n"
        '    """A door."""\n\n'
        "    #: Degrees.\n    #: Clockwise.\n    angle: int = 0\n\n"
        "    # Above the method.\n    @cached\n    def open(self, width: int) -> None:  # slowly\n"
        '        """Open it."""\n        self.angle = width\n\n'
        "    class Hinge:\n        size = 1\n"
    )
    door, hinge = _found(source, "python")
    assert (door.start_line, door.end_line, door.name_line, door.name_column) == (1, 16, 2, 6)
    assert door.code == (
        '@dataclass\nclass Door(Base):\n    """A door."""\n    #: Degrees.\n    angle: int = 0\n'
        "    def open(self, width: int) -> None: ...\n    class Hinge: ..."
    )
    assert (door.doc, door.signature) == ("A door.", "class Door(Base)")
    assert (hinge.qualified_name, hinge.code) == ("Door.Hinge", "    class Hinge:\n        size = 1")


def test_declarations_keep_the_first_line_of_their_comments() -> None:
    """What has no body is no definition of its own: its documentation is found here only."""
    source = (
        "interface Store {\n  /**\n   * Looks a key up.\n   * @param key The key.\n   */\n  String get(String key);\n"
        "  /** All of it. */\n  int size(); // cheap\n  default void close() { flush(); }\n}\n"
    )
    (store,) = _found(source, "java")
    assert store.code == (
        "interface Store {\n  // Looks a key up.\n  String get(String key);\n"
        "  /** All of it. */\n  int size(); // cheap\n  default void close();\n}"
    )


@pytest.mark.parametrize("language", ["go", "rust"])
def test_members_outside_their_type_are_listed(language: str) -> None:
    """Methods of the same file belong to the outline where the language sets them apart."""
    source = {
        "go": "type Door struct {\n\tAngle int\n}\n\nfunc (d *Door) Open(w int) error { return nil }\n",
        "rust": "struct Door {\n\tangle: u8,\n}\nimpl Door {\n    pub fn open(&mut self, w: u8) { self.w = w }\n}\n",
    }[language]
    (door,) = _found(source, language)
    assert (door.start_line, door.end_line) == (1, 3)
    assert (
        door.code.splitlines()[-1]
        == {
            "go": "func (d *Door) Open(w int) error",
            "rust": "pub fn open(&mut self, w: u8)",
        }[language]
    )


def test_long_documentation_leaves_room_for_the_fields() -> None:
    """A docstring inside is cut after its first sentences and stays a docstring."""
    text = "A door that opens. " * 80
    source = f'class Door:\n    """{text}"""\n\n    angle: int = 0\n'
    (door,) = _found(source, "python")
    assert len(door.code) < 600
    assert door.code.endswith("    angle: int = 0")
    assert strip_doc(door) == "class Door:\n    angle: int = 0"
    assert door.doc == text.strip()


def test_an_outline_is_bounded() -> None:
    """A table of thousands of rows is searched by its first ones."""
    rows = "\n".join(f'    "key{number}": {number},' for number in range(2_000))
    (table,) = _found(f"TABLE = {{\n{rows}\n}}\n", "python")
    assert (table.kind, table.start_line, table.end_line) == (Kind.CONSTANT, 1, 2_002)
    assert MAX_CHARACTERS - 100 < len(table.code) <= MAX_CHARACTERS
    assert table.code.endswith(",")


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("c", "struct door;\ntypedef struct door door_t;\nenum { A, B };\nstruct door *open(struct door *d);\n"),
        ("cpp", "class Door;\nstruct Hinge;\nenum class Side : int;\nextern template class Box<int>;\n"),
        ("c", "int f(void) {\n  typedef int local_t;\n  return 1;\n}\n"),
        ("c", "typedef struct door *door_p;\ntypedef enum side side_t;\n"),
        ("rust", "extern crate door;\nmod door;\nmod plain { fn open() {} }\n"),
        ("ruby", "module Outer\n  module Inner\n  end\nend\n"),
        ("typescript", "namespace Doors { export const a = 1; }\ndeclare const x: { a: 1 };\n"),
        ("go", "package doors\n\nconst one = 1\n\nvar two int\n"),
        ("python", '"""Doors."""\n\nimport x\n\nTABLE = {1: 2}\n'),
    ],
)
def test_what_is_no_type(language: str, source: str) -> None:
    """Forward declarations, bare namespaces, nameless types and values on one line are not asked for."""
    assert _names(source, language, "door") == []


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("python", "class NotFound(Error): pass\n", ("NotFound", "class")),
        ("python", "class Door(typing.Protocol[T]):\n    angle: int\n", ("Door", "protocol")),
        ("python", "class Side(enum.IntEnum):\n    LEFT = 1\n", ("Side", "enum")),
        ("python", "Id = NewType('Id', int)\n", ("Id", "class")),
        ("python", "type Names[T: (int, str), *Ts, **P] = list[T]\n", ("Names", "type")),
        ("python", "type Names = list[str]\n", ("Names", "type")),
        ("python", "Names: TypeAlias = list[str]\n", ("Names", "type")),
        ("c", "typedef struct door {\n  int a;\n} Door;\n", ("Door", "struct")),
        ("c", "typedef int (*opened_t)(void *, int);\n", ("opened_t", "type")),
        ("c", "typedef struct door *find_door(int id);\n", ("find_door", "type")),
        ("c", "#ifndef A_H\n#define A_H\ntypedef unsigned long id_t;\n#endif\n", ("id_t", "type")),
        ("c", "typedef char name_t[32];\n", ("name_t", "type")),
        ("c", "enum {\n  LEFT = 1,\n  RIGHT,\n};\n", ("LEFT", "constant")),
        ("c", "typedef enum {\n  LEFT,\n  RIGHT,\n} Side;\n", ("Side", "enum")),
        ("cpp", "typedef std::map<int, std::string> Names;\n", ("Names", "type")),
        ("cpp", "#ifndef A_H\n#define A_H\nusing Id = int;\n#endif\n", ("Id", "type")),
        ("cpp", "template <typename T>\nconcept Opens = requires(T t) { t.open(); };\n", ("Opens", "type")),
        ("cpp", "template <class T>\nstruct Box<T*> {\n  T* t;\n};\n", ("Box", "struct")),
        ("cpp", "union U { int a; char b; };\n", ("U", "struct")),
        ("rust", "pub struct Marker;\n", ("Marker", "struct")),
        ("java", "public @interface Audited { String by(); }\n", ("Audited", "interface")),
        ("c_sharp", "public record Point(int X);\n", ("Point", "record")),
        ("c_sharp", "public class NotFound(string name) : Error(name);\n", ("NotFound", "class")),
        ("c_sharp", "public class Box<T> where T : class;\n", ("Box", "class")),
        ("c_sharp", "public interface IMarker;\n", ("IMarker", "interface")),
        ("c_sharp", "public struct Unit;\n", ("Unit", "struct")),
        ("c_sharp", "delegate void Opened(int angle);\n", ("Opened", "type")),
        ("typescript", "export abstract class A { abstract b(): void }\n", ("A", "class")),
        ("javascript", "module.exports = class Door { open() {} };\n", ("Door", "class")),
        ("javascript", "exports.Door = class { open() {} };\n", ("Door", "class")),
        ("php", "<?php\nenum Side: string { case Left = 'l'; }\n", ("Side", "enum")),
        ("ruby", "DoorError = Class.new(StandardError)\n", ("DoorError", "class")),
        ("ruby", "module Opening\n  def open\n    1\n  end\nend\n", ("Opening", "module")),
        ("go", "type Handler func(int) error\n", ("Handler", "type")),
        ("go", "// Package doors opens doors.\npackage doors\n", ("doors", "module")),
        ("go", "var (\n\tErrOpen = errors.New(\"open\")\n\tErrShut = New(\"shut\")\n)\n", ("ErrOpen", "constant")),
        ("javascript", "export const schema = z.object({\n  a: z.string(),\n});\n", ("schema", "constant")),
    ],
)  # fmt: skip
def test_kinds_of_types(language: str, source: str, expected: tuple[str, str]) -> None:
    """Each language's forms are distinguished, the smallest of them included."""
    assert _names(source, language) == [expected]


def test_aliases_in_a_class_are_details_of_it() -> None:
    """They are found by the class, unlike those of a namespace."""
    source = (
        "namespace house {\ntypedef std::vector<int> Ids;\nclass Door {\n  typedef T value_type;\n"
        "  using Self = Door;\n  template <class U> using Other = Box<U>;\n  enum {\n    OPEN,\n    SHUT\n  };\n};\n}\n"
    )
    assert _names(source, "cpp") == [
        ("house.Ids", "type"),
        ("house.Door", "class"),
        ("house.Door.OPEN", "constant"),
    ]


def test_constants_without_a_common_name_begin_with_the_first() -> None:
    """It is their name and in their head; the others are in their text."""
    (side,) = _found("/** Sides of a door. */\nenum {\n  // out\n  LEFT = 1,\n  RIGHT\n};\n", "c")
    assert (side.name, side.signature, side.doc) == ("LEFT", "enum { LEFT = 1", "Sides of a door.")
    assert side.code == "enum {\n  // out\n  LEFT = 1,\n  RIGHT\n}"


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "def f():\n    TABLE = [\n        1,\n    ]\n    return TABLE\n"),
        ("javascript", "describe('a', () => {\n  const b = {\n    c: 1,\n  };\n});\n"),
        ("java", "class A {\n  void f() {\n    Object o = new Object() {\n int[] A_B = {\n1,\n};\n};\n  }\n}\n"),
        ("c", "int f(void) {\n  static const int t[] = {\n    1,\n  };\n  return t[0];\n}\n"),
        ("rust", "fn f() {\n    const T: [u8; 1] = [\n        1,\n    ];\n}\n"),
    ],
)
def test_values_inside_functions_are_no_constants(language: str, source: str) -> None:
    """They are found by the function around them."""
    assert "constant" not in [kind for _, kind in _names(source, language)]


@pytest.mark.parametrize(
    "source", ['val HANDLERS = mapOf("a" to { 1 }, "b" to { 2 }, "c" to { 3 })\n', 'val JSON = "{ a: { b: { c } } }"\n']
)
def test_lines_are_counted_in_the_source_whatever_is_parsed(source: str) -> None:
    """Kotlin's grammar is shown other line breaks; a value of one line is no constant."""
    assert _names(source, "kotlin") == []
    assert _names(source.replace("{", "{\n\n\n", 1), "kotlin") != []


def test_a_constant_that_is_a_function_is_the_function_alone() -> None:
    """A component bound through a call has one definition."""
    source = "export const Door = memo((props) => {\n  return props.angle;\n});\n"
    definitions = extract_definitions(source, "javascript").definitions
    assert [(definition.name, definition.kind) for definition in definitions] == [("Door", Kind.LAMBDA)]


def test_what_a_constant_holds_is_named_as_without_it() -> None:
    """Functions keep their names, and the constant's text holds their signatures only."""
    source = "class A:\n    RULES = {\n        'a': lambda x: x,\n    }\n\n    def f(self):\n        return 1\n"
    found = extract_definitions(source, "python").definitions
    assert [definition.qualified_name for definition in found] == ["A", "A.RULES", "A.f"]
    assert found[0].code == "class A:\n    RULES = {\n    def f(self): ..."


@pytest.mark.parametrize(
    ("path", "name"), [("pkg/doors.py", "doors"), ("pkg/doors/__init__.py", "doors"), ("__init__.py", "__init__")]
)
def test_a_documented_file_is_a_module(path: str, name: str) -> None:
    """Its name is the file's or its folder's, its span the documentation."""
    source = '#!/usr/bin/env python\n"""Doors of every kind.\n\nThey open, close and lock; see the guide.\n"""\nx = 1\n'
    (module,) = _found(source, "python", path)
    assert (module.name, module.kind, module.start_line, module.end_line) == (name, Kind.MODULE, 2, 5)
    assert module.doc.startswith("Doors of every kind.")
    assert strip_doc(module) == ""
    assert _found(source, "python") == []


def test_inner_comments_document_a_rust_file() -> None:
    """They stand for the file, the crate's root for its folder."""
    source = "//! Doors of every kind.\n//!\n//! They open, close and lock; see the guide.\nuse a;\n"
    (module,) = _found(source, "rust", "doors/src/hinge.rs")
    assert (module.name, module.start_line, module.end_line) == ("hinge", 1, 3)
    assert module.doc == "Doors of every kind.\n\nThey open, close and lock; see the guide."


def test_sets_of_flags_in_rust_are_structs_of_all_their_lines() -> None:
    """A macro makes them; the grammar knows neither the type of their bits nor constants inside."""
    flags = "    pub struct Open: u32 {\n        const IN = 1;\n        const OUT = 2;\n    }\n"
    source = (
        f"bitflags::bitflags! {{\n{flags}\n{flags.replace('Open', 'Shut')}}}\nimpl Open {{\n    fn all() {{}}\n}}\n"
    )
    found = _found(source, "rust")
    assert [(item.name, item.kind, item.start_line, item.end_line) for item in found] == [
        ("Open", Kind.STRUCT, 2, 5),
        ("Shut", Kind.STRUCT, 7, 10),
    ]
    assert found[0].code == flags.rstrip() + "\nfn all()"


def test_members_of_an_extension_block_belong_to_its_class() -> None:
    """C#'s block has no name, whatever it extends."""
    source = (
        "static class Doors\n{\n    extension(Door door)\n    {\n        public int Count() { return 1; }\n    }\n"
        "    extension<T>(List<T> doors) where T : Door\n    {\n        public T First() { return f(); }\n    }\n\n"
        "    public static int After() { return 1; }\n}\n"
    )
    found = extract_definitions(source, "c_sharp").definitions
    assert [(item.qualified_name, item.kind.value) for item in found] == [
        ("Doors", "class"),
        ("Doors.Count", "method"),
        ("Doors.First", "method"),
        ("Doors.After", "method"),
    ]


@pytest.mark.parametrize(
    ("language", "source", "signature"),
    [
        ("ruby", "class Foo < Bar\n  def a\n    1\n  end\nend\n", "class Foo < Bar"),
        ("cpp", "template <\n  class T>\nstruct Box {\n  T t;\n};\n", "template <class T> struct Box"),
    ],
)
def test_an_angle_between_blanks_is_no_bracket(language: str, source: str, signature: str) -> None:
    """What a class is derived from is not written together with it."""
    assert _found(source, language)[0].signature == signature


def test_words_of_filters() -> None:
    """A group's word means all of it, another kind's only itself, an unknown one nothing."""
    assert kinds_of("function") == FUNCTION_KINDS
    assert kinds_of("Type") == TYPE_KINDS
    assert kinds_of("class") == {Kind.CLASS}
    assert kinds_of("constant") == {Kind.CONSTANT}
    assert kinds_of("thing") == frozenset()
    assert FUNCTION_KINDS | TYPE_KINDS | {Kind.CONSTANT} == set(Kind)
