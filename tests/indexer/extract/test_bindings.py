"""Functions that are bound to a name by more than an equals sign, and names that come from what is around them."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import extract_definitions
from cascode_indexer.types import FUNCTION_KINDS


def _names(source: str, language: str) -> list[str]:
    found = extract_definitions(source, language).definitions
    return [definition.qualified_name for definition in found if definition.kind in FUNCTION_KINDS]


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize(
    "field",
    [
        "load$ = createEffect(() => this.actions$.pipe(map(x => x)));",
        "total = computed(() => { return this.count(); });",
        "total = computed(() => this.count() * 2);",
        "onSearch = debounce((text) => { this.search(text); }, 300);",
        "submit = action(async event => { await send(event); });",
        "user$ = this.id$.pipe(switchMap(id => { return get(id); }));",
        "static close = throttle(function () { shut(); }, 10);",
    ],
)
def test_a_field_bound_to_what_a_call_makes_of_a_function(language: str, field: str) -> None:
    """Effects, computed values and debounced handlers of a class are functions of it."""
    name = field.removeprefix("static ").partition(" ")[0]
    assert _names(f"class Door {{\n  {field}\n}}\n", language) == [f"Door.{name}"]


@pytest.mark.parametrize(
    "field",
    [
        "names = this.doors.map(door => { return door.name; });",
        "watch = this.door$.subscribe(() => { open(); });",
        "user$ = this.store.select(state => state.user);",
        "door = inject(Door);",
    ],
)
def test_a_field_bound_to_a_value_is_no_function(field: str) -> None:
    """What the language's own calls give is a value, and a selector of one expression is one too."""
    assert _names(f"class Door {{\n  {field}\n}}\n", "typescript") == []


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("const open = function () { f(); }.bind(null);\n", "open"),
        ("const open = (() => { f(); }).bind(this);\n", "open"),
        ("this.open = function () { f(); }.bind(this);\n", "open"),
        ("Door.open = Door.open || function () { f(); };\n", "Door.open"),
        ("Door.open = Door.open ?? function () { f(); };\n", "Door.open"),
        ("class Door { open = function () { f(); }.bind(this); }\n", "Door.open"),
        ("const door = function () { f(); }.call(this);\n", ""),
    ],
)
def test_a_function_that_is_bound_or_stands_in_has_the_name(language: str, source: str, name: str) -> None:
    """Bound to its object, or standing in for one that is not there; what a function gives is none."""
    assert _names(source, language) == ([name] if name else [])


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize(
    ("source", "name", "signature"),
    [
        ("const open = isSlow\n  ? function (a) { f(); }\n  : () => { g(); h(); };\n", "open", "function (a)"),
        ("export const open = isSlow\n  ? null\n  : (a) => {\n    f();\n  };\n", "open", "null : (a)"),
        ("const open = isSlow\n  ? a => f(a)\n  : a => g(a);\n", "open", "a"),
        ("Door.open = isSlow\n  ? function () { f(); }\n  : null;\n", "Door.open", "function ()"),
        ("const door = { open: isSlow ? () => { f(); } : null };\n", "door.open", "()"),
        ("class Door { open = isSlow ? () => { f(); } : () => { g(); }; }\n", "Door.open", "()"),
    ],
)
def test_functions_that_a_condition_chooses_from_are_one(language: str, source: str, name: str, signature: str) -> None:
    """A name has one definition, of all its branches; the signature is the first one's."""
    found = [
        definition
        for definition in extract_definitions(source, language).definitions
        if definition.kind in FUNCTION_KINDS
    ]
    assert [definition.qualified_name for definition in found] == [name]
    assert found[0].signature.partition(" ? ")[2] == signature
    assert (found[0].start_line, found[0].end_line) == (1, source.count("\n"))


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize("value", ["isSlow ? f() : g(1)", "isSlow ? names.map(name => { return name; }) : []"])
def test_a_value_that_a_condition_chooses_is_no_function(language: str, value: str) -> None:
    """A branch that is computed with a function is a value, too."""
    assert _names(f"const doors = {value};\n", language) == []


@pytest.mark.parametrize(
    ("language", "source", "name"),
    [
        ("javascript", "const users = createSlice({ reducers: { logout() { f(); } } });\n", "users.reducers.logout"),
        ("typescript", "export const useD = defineStore('d', { actions: { open() {} } });\n", "useD.actions.open"),
        ("javascript", "const View = Backbone.View.extend({ render() { f(); } });\n", "View.render"),
        ("javascript", "App.View = View.extend({ render: function () { f(); } });\n", "App.View.render"),
        ("javascript", "const app = new Vue({ methods: { open() { f(); } } });\n", "app.methods.open"),
        ("javascript", "const doors = { front: make({ open() { f(); } }) };\n", "doors.front.open"),
        ("typescript", "class Door { store = make({ open() { f(); } }); }\n", "Door.store.open"),
        ("javascript", "export default defineComponent({ methods: { open() { f(); } } });\n", "methods.open"),
        ("go", "package a\n\nvar serve = &cobra.Command{\n\tRunE: func() error { return nil },\n}\n", "serve.RunE"),
        ("go", 'package a\n\nvar checks = map[string]func(){\n\t"disk": func() { f() },\n}\n', "checks.disk"),
        ("go", "package a\n\nvar (\n\tserve = Command{Run: func() { f() }}\n)\n", "serve.Run"),
        ("go", "package a\n\nfunc f() {\n\ts := &Server{Log: Log{Write: func() { g() }}}\n}\n", "f.s.Log.Write"),
        ("go", "package a\n\nfunc f() {\n\tmux.Server = &Server{Run: func() { g() }}\n}\n", "f.mux.Server.Run"),
    ],
)
def test_what_a_call_or_literal_is_given_belongs_to_its_name(language: str, source: str, name: str) -> None:
    """Of many functions with one name, such as a command's, the name of what holds it says which."""
    assert name in _names(source, language)


@pytest.mark.parametrize(
    ("language", "source", "name"),
    [
        ("php", "<?php\nRoute::get('users', function () { f(); });\n", "get.users"),
        ("php", "<?php\n$app->post('/users/{id}', function ($id) { f(); });\n", "post./users/{id}"),
        ("php", "<?php\nadd_action('init', function () { f(); });\n", "add_action.init"),
        ("ruby", "namespace :db do\n  task :seed, [:a] => :env do |t|\n    f\n  end\nend\n", "db.seed"),
        ("ruby", "task seed: :env do\n  f\nend\n", "seed"),
        ("ruby", "get '/doors/:id' do\n  f\nend\n", "get./doors/:id"),
        ("ruby", "class Door\n  scope :open, -> { where(open: true) }\nend\n", "Door.open"),
        ("c_sharp", 'app.MapGet("/doors/{id}", async (int id) => { f(); });\n', "MapGet./doors/{id}"),
        ("javascript", "ipcMain.handle('open', async event => { f(); });\n", "handle.open"),
        ("javascript", "gulp.task('build', function () { f(); });\n", "task.build"),
        ("javascript", "app.controller('Main', ['$scope', function (scope) { f(); }]);\n", "controller.Main"),
    ],
)
def test_handlers_that_are_registered_under_a_name(language: str, source: str, name: str) -> None:
    """Routes, tasks, hooks and events of a framework are found by what they are registered for."""
    assert _names(source, language) == [name]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("php", "<?php\nit('opens', function () { f(); });\nusort($a, function ($a, $b) { return 1; });\n"),
        ("php", "<?php\n$box->get('door', function () { f(); });\n"),
        ("ruby", "it 'opens' do\n  f\nend\nget :index do\n  f\nend\nvalidates :x, if: -> { y }\n"),
        ("c_sharp", 'doors.Where("open", door => { f(); });\n'),
        ("javascript", "it('opens', () => { f(); });\nx.describe('doors', () => { f(); });\n"),
        ("javascript", "if (x) { socket.on('data', chunk => { f(); }); }\n$(x).on('click', '.a', () => { f(); });\n"),
    ],
)
def test_callbacks_without_a_name_of_their_own(language: str, source: str) -> None:
    """Tests, comparisons and listeners further inside are named by nothing."""
    assert _names(source, language) == []
