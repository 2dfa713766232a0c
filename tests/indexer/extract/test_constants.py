"""Which values of several lines are constants, beyond those at the top of a module."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import extract_definitions
from cascode_indexer.types import Kind


def _names(source: str, language: str, path: str = "") -> list[str]:
    found = extract_definitions(source, language, path=path).definitions
    return [definition.qualified_name for definition in found if definition.kind is Kind.CONSTANT]


@pytest.mark.parametrize(
    ("language", "source", "name"),
    [
        ("typescript", "class A {\n  static readonly T = {\n    a: 1,\n  };\n}\n", "A.T"),
        ("javascript", "class A {\n  static T = [\n    1,\n  ];\n}\n", "A.T"),
        ("typescript", "namespace N {\n  export const T = {\n    a: 1,\n  };\n}\n", "N.T"),
        ("typescript", "export const t = await load({\n  a: 1,\n});\n", "t"),
        ("python", "if x:\n    T = [\n        1,\n    ]\n", "T"),
        ("python", "if x:\n    pass\nelse:\n    T = [\n        1,\n    ]\n", "T"),
        ("python", "try:\n    T = {\n        1: 2,\n    }\nexcept E:\n    pass\n", "T"),
        ("python", "try:\n    import a\nexcept E:\n    T = {\n        1: 2,\n    }\n", "T"),
        ("python", "urlpatterns = [\n    path('a', b),\n]\n", "urlpatterns"),
        ("cpp", "class A {\n  static constexpr int kT[] = {\n    1,\n  };\n};\n", "A.kT"),
        ("cpp", "class A {\n  static inline const Map kT = {\n    {1, 2},\n  };\n};\n", "A.kT"),
        ("cpp", 'static const char *kSql = R"(\nselect\n)";\n', "kSql"),
        ("cpp", "#ifdef A\nstatic const int kT[] = {\n  1,\n};\n#endif\n", "kT"),
        ("c", 'static const char usage[] =\n  "a"\n  "b";\n', "usage"),
        ("c", 'static const char *text = "a\\\nb\\\nc";\n', "text"),
        ("c_sharp", "class A {\n  static List<int> T { get; } = new[] {\n    1,\n  };\n}\n", "A.T"),
        ("php", "<?php\nclass A {\n  private static array $t = [\n    1,\n  ];\n}\n", "A.t"),
    ],
)
def test_tables_and_texts_of_several_lines(language: str, source: str, name: str) -> None:
    """Those of a class, of a namespace and of a condition are as good as those of the module."""
    assert _names(source, language) == [name]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("typescript", "class A {\n  t = {\n    a: 1,\n  };\n}\n"),
        ("python", "def f():\n    if x:\n        T = [\n            1,\n        ]\n"),
        ("cpp", "class A {\n  int t[1] = {\n    1,\n  };\n};\n"),
        ("c", 'int f(void) {\n  const char *t = "a"\n    "b"\n    "c";\n  return *t;\n}\n'),
        ("c_sharp", "class A {\n  List<int> T { get; } = new[] {\n    1,\n  };\n}\n"),
        ("php", "<?php\nclass A {\n  protected $t = [\n    1,\n  ];\n}\n"),
        ("javascript", "module.exports = {\n  open,\n  shut: shut,\n};\n"),
    ],
)
def test_values_that_come_and_go_are_no_constants(language: str, source: str) -> None:
    """Neither are lists of what a module exports."""
    assert _names(source, language) == []


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("config/database.php", "<?php\nreturn [\n  'host' => env('HOST'),\n];\n", "database"),
        ("webpack.config.js", "module.exports = {\n  mode: 'x',\n};\n", "webpack.config"),
        ("vite.config.ts", "export default defineConfig({\n  base: '/',\n});\n", "vite.config"),
        ("door/index.ts", "export default {\n  name: 'door',\n};\n", "door"),
        ("", "module.exports = {\n  mode: 'x',\n};\n", "exports"),
    ],
)
def test_a_file_that_is_one_table_names_it(path: str, source: str, name: str) -> None:
    """It is returned or exported under no name of its own."""
    language = "php" if source.startswith("<?php") else "javascript" if path[-2:] != "ts" else "typescript"
    assert _names(source, language, path) == [name]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Handler = Callable[\n    [int, str],\n    None,\n]\n", [("Handler", Kind.TYPE)]),
        ("Number = Union[int, float]\n", [("Number", Kind.TYPE)]),
        ("First = Registry['x']\n", []),
        ("first = dict[0]\n", []),
    ],
)
def test_types_by_another_name_in_python(source: str, found: list[tuple[str, Kind]]) -> None:
    """A name written as a class's that is bound to a type with arguments."""
    assert [(item.name, item.kind) for item in extract_definitions(source, "python").definitions] == found
