"""JavaScript and TypeScript: functions that are bound through calls, and types in files that should have none."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import SPECS, extract_definitions
from cascode_indexer.extract.grammars import grammar_for, sister_grammars
from cascode_indexer.types import FUNCTION_KINDS, Kind


def _names(source: str, language: str = "javascript") -> list[str]:
    found = extract_definitions(source, language, path="a.tsx" if language == "typescript" else "a.js").definitions
    return [definition.qualified_name for definition in found if definition.kind in FUNCTION_KINDS]


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("export const fetchUser = createAsyncThunk('u', async (id) => { return get(id); });\n", ["fetchUser"]),
        ("export default defineEventHandler(async (e) => { return load(e); });\n", ["default"]),
        (
            'export const ZodString = core.$constructor("ZodString", (inst, def) => {\n  init(inst, def);\n});\n',
            ["ZodString"],
        ),
        ("const save = _.debounce(function () { write(); }, 100);\n", ["save"]),
        ("const Box = memo(forwardRef((props, ref) => { return draw(props); }));\n", ["Box"]),
        ("exports.list = asyncHandler(async (req, res) => { res.send(all()); });\n", ["list"]),
        ("const o = { load: guard((x) => { return x; }) };\n", ["o.load"]),
        ("const useTheme = useCallback(() => theme, []);\n", ["useTheme"]),
        ("app.get('/users/:id', async (req, res) => { res.send(find(req.params.id)); });\n", ["get./users/:id"]),
        (
            "const create = (function () { function object() {} return function (p) { return p; }; })();\n",
            ["create", "create.object"],
        ),
        ("exports.ajax = (() => { return make(); })();\n", ["ajax"]),
        (
            "var Pool = (function (base) {\n  function Pool() { open(); }\n"
            "  Pool.prototype.take = function () { return 1; };\n  return Pool;\n}(Base));\n",
            ["Pool", "Pool", "Pool.take"],
        ),
        ("module.exports = function readConfig(path) { return parse(path); };\n", ["readConfig"]),
    ],
)
def test_a_function_bound_through_a_call_has_the_name(language: str, source: str, names: list[str]) -> None:
    """Whatever wraps it: the call's name need not be known."""
    assert _names(source, language) == names


@pytest.mark.parametrize(
    "source",
    [
        "const squares = numbers.map((n) => { return n * n; });\n",
        "const timer = setTimeout(() => { stop(); }, 100);\n",
        "const sum = values.reduce((a, b) => { return a + b; }, 0);\n",
        "const middle = createMiddleware((c) => c.next());\n",
        "it('adds', () => { expect(add(1, 2)).toBe(3); });\n",
        "app.on('ready', () => { open(); });\n",
        "app.get('env', () => { open(); });\n",
        "const value = (() => 1)();\n",
    ],
)
def test_a_value_made_with_a_function_is_none(source: str) -> None:
    """Callbacks of the standard library, tests and events are found in what they stand in."""
    assert _names(source) == []


def test_of_two_functions_given_to_a_call_the_longer_one_is_meant() -> None:
    """A selector's inputs are short, what it computes from them is not."""
    source = "const total = createSelector((s) => { return s; }, (s) => {\n  const x = sum(s);\n  return x;\n});\n"
    (function,) = extract_definitions(source, "javascript").definitions
    assert (function.name, function.kind, function.end_line) == ("total", Kind.LAMBDA, 4)


FLOW = """
import type { Options } from './types';

class Stream extends Base<string> {
  _ended: boolean;
  options: ?Options;

  constructor(options?: Options) {
    super(options);
    if (options) { this.options = options; }
  }

  async end(): Promise<void> {
    if (!this._ended) { this._ended = true; }
    for (const part of this.parts) { await part.end(); }
  }

  push(chunk: Array<string>, done: (error: Error) => void): boolean {
    switch (chunk.length) { case 0: return false; }
    return true;
  }
}

export function open(path: string, mode: number = 0): Stream { return new Stream({ path, mode }); }
export const close = (stream: Stream): void => { stream.end(); };
"""


def test_types_in_javascript_lose_nothing() -> None:
    """A file that the grammar has errors in is read with TypeScript's, and stays JavaScript."""
    found = extract_definitions(FLOW, "javascript", path="stream.js").definitions
    names = [definition.qualified_name for definition in found if definition.kind in FUNCTION_KINDS]
    assert names == ["Stream.constructor", "Stream.end", "Stream.push", "open", "close"]
    assert {definition.language for definition in found} == {"javascript"}
    assert not SPECS["javascript"].keywords & {name.rpartition(".")[2] for name in names}


@pytest.mark.parametrize("path", ["a.ts", "a.tsx", "a.js"])
def test_what_has_an_arrow_or_a_body_is_not_always_a_function(path: str) -> None:
    """Types of functions, classes and values that a function merely stands in."""
    types = "const a: () => void = other;\nconst b = other as (x: number) => void;\n" if path != "a.js" else ""
    source = types + "const c = (class { size() { return 1; } });\nconst d = !function () { return 1; };\n"
    found = extract_definitions(source, "javascript" if path == "a.js" else "typescript", path=path).definitions
    assert [definition.name for definition in found] == ["size"]


@pytest.mark.parametrize(
    "value",
    [
        "function () { f(); }",
        "async function () { f(); }",
        "function* () { yield 1; }",
        "() => 1",
        "async x => { f(); }",
    ],
)
@pytest.mark.parametrize("around", ["{}", "({})", "({}) as T", "({}) satisfies T"])
def test_a_function_is_one_in_whatever_stands_around_it(value: str, around: str) -> None:
    """In each place that gives it a name."""
    placed = around.format(value)
    for source in (
        f"const go = {placed};",
        f"a.go = {placed};",
        f"f({{ go: {placed} }});",
        f"class A {{ go = {placed}; }}",
    ):
        found = extract_definitions(source, "typescript", path="a.ts").definitions
        assert "go" in [definition.name for definition in found], source


def test_components_share_the_compiled_query() -> None:
    """It takes a fifth of a second to compile."""
    query = grammar_for("typescript", "a.ts").query
    assert all(grammar_for(language).query is query for language in ("vue", "svelte", "astro", "html"))
    assert sister_grammars("javascript")[0].query is grammar_for("typescript", "a.tsx").query
