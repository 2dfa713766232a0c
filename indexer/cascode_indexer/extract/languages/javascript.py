"""JavaScript and JSX: functions, methods, and function values bound to a name or property."""

from __future__ import annotations

import re
from collections.abc import Callable

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.spec import WORD, Files, LanguageSpec, Mining, words

#: Values that are functions, by the token that no other expression with a body has: the compiler of queries looks at
#: every place in the grammar where a node of a named type may stand, and these stand in every binding.
FUNCTION = '(_ "function" body: (_) @body)'
ARROW = '(_ "=>" body: (_) @body)'
EITHER = '(_ ["function" "=>"] body: (_) @body)'
_ARROW_OF_STATEMENTS = '(_ "=>" body: (statement_block) @body)'
_EITHER_OF_STATEMENTS = '(_ ["function" "=>"] body: (statement_block) @body)'
#: An object, or one that a call is given, whose functions are named by what it is bound to.
_HOLDER = (
    "[(object) @namespace (new_expression arguments: (arguments (object) @namespace))"
    " (call_expression arguments: (arguments (object) @namespace))]"
)
#: Calls that return the function they are given, so that one which is an expression only keeps its name, too.
_KEEPS = (
    '(#match? @keeps "^(React[.])?(memo|forwardRef|useCallback|observer|debounce|throttle|once|asyncHandler|action)$")'
)
#: Calls of the language's own library that take a function and give no function: a name bound to them is a value's.
#: The verbs of routers and emitters give back the object that they are called on. Whatever else is called with a
#: function that has statements is taken for what makes a function, component, handler or store of it.
_VALUES = (
    '(#not-match? @_call "([.](map|filter|find|findIndex|findLast|findLastIndex|some|every|reduce|reduceRight|sort'
    "|toSorted|flatMap|forEach|from|fromEntries|then|catch|finally|replace|replaceAll|call|apply|bind|subscribe|pipe"
    "|on|once|off|get|post|put|patch|delete|head|options|all|use|each|describe|it|test|addEventListener)"
    '|^(setTimeout|setInterval|setImmediate|requestAnimationFrame|queueMicrotask|describe|it|test|expect|require))$")'
)
#: Verbs of routers. A call that names a path and gives a function is a handler, and the path is its name.
_ROUTES = '(#match? @owner "^(get|post|put|patch|delete|head|options|all|use|route|ws)$") (#match? @name "^.[/]")'
#: Calls that register a function under a name: Electron's requests, tasks, and what Angular's first version is made of.
#: At the top of a file only.
_REGISTERS = (
    '(#match? @owner "^(handle|handleOnce|task|registerTask|command'
    '|controller|directive|factory|service|provider|component|filter)$")'
)


def _calls(given: str) -> tuple[str, str]:
    """Patterns for a call that is given a function, and for one that is given what such a call makes."""
    direct = f"(call_expression function: (_) @_call arguments: (arguments {given}))"
    return direct, f"(call_expression function: (_) arguments: (arguments {direct}))"


def _call_patterns(given: str) -> str:
    """Patterns for names bound to a call that is given a function with statements, and for handlers of routes."""
    direct, nested = _calls(given)
    return (
        "".join(
            f"""
((variable_declarator name: (identifier) @name value: {call}) @lambda {_VALUES})
((assignment_expression
   left: [(identifier) (member_expression) (subscript_expression)] @name right: {call}) @lambda {_VALUES})
((pair key: (_) @name value: {call}) @lambda {_VALUES})
((export_statement "default" @name value: {call}) @lambda {_VALUES})
"""
            for call in (direct, nested)
        )
        + f"""
((call_expression function: (member_expression property: (property_identifier) @owner)
   arguments: (arguments . (string) @name {given})) @lambda
 {_ROUTES})
(program (expression_statement
  (call_expression function: (member_expression property: (property_identifier) @owner)
    arguments: (arguments . (string) @name . [{_EITHER_OF_STATEMENTS} (array {_EITHER_OF_STATEMENTS} .)])) @lambda)
 {_REGISTERS})
"""
    )


def _chosen_patterns(bound: str, label: str) -> str:
    """Patterns for functions that are bound to an object, or chosen by a condition.

    Two branches are one definition, of the whole declaration: its signature is that of the first.

    Args:
        bound: Start of the pattern for a binding, up to its value.
        label: What the function is captured as.
    """
    given = f"[{FUNCTION} (parenthesized_expression {EITHER})]"
    return f"""
(({bound} (call_expression function: (member_expression object: {given} property: (property_identifier) @_bind)))
 @{label} (#eq? @_bind "bind"))
({bound} (ternary_expression (_ ["function" "=>"] body: (_) @tail)) @body) @{label}
"""


def field_patterns(field: str, wrapped: Callable[[str], str]) -> str:
    """Patterns for functions and objects bound to a field of a class.

    Args:
        field: Start of the pattern for a field, up to its name.
        wrapped: As for :func:`binding_patterns`.
    """
    bound = f"{field}: (_) @name value:"
    direct, nested = _calls(_EITHER_OF_STATEMENTS)
    return f"""
({bound} {wrapped(EITHER)}) @method
(({bound} {direct}) @method {_VALUES})
(({bound} {nested}) @method {_VALUES})
(({bound} (call_expression function: (identifier) @_call arguments: (arguments {ARROW}))) @method {_VALUES})
{_chosen_patterns(bound, "method")}
({bound} {_HOLDER})
"""


def _closure_patterns(function: str, arrow: str) -> str:
    """Patterns for names bound to what a function gives that is called where it stands."""
    return "".join(
        f"""
(variable_declarator name: (identifier) @name value: {value}) @closure
(assignment_expression left: [(identifier) (member_expression)] @name right: {value}) @closure
"""
        for called in (function, arrow)
        for value in (
            f"(call_expression function: {called})",
            f"(parenthesized_expression (call_expression function: {called}))",
        )
    )


def binding_patterns(wrapped: Callable[[str], str], around: str) -> str:
    """Patterns for function values bound to variables, properties and exports.

    Args:
        wrapped: Makes of the pattern for a value that for the value with what may stand around it.
        around: Patterns for the expressions that it may stand in.
    """
    function, arrow, either = wrapped(FUNCTION), wrapped(ARROW), wrapped(EITHER)
    holder = (
        "[(function_expression) (generator_function) (arrow_function) (call_expression) (ternary_expression)"
        f" (class) {around}]"
    )
    return f"""
(variable_declarator name: (identifier) @name value: {function}) @function
(variable_declarator name: (identifier) @name value: {arrow}) @lambda
((variable_declarator name: (identifier) @name
   value: (call_expression function: (_) @keeps arguments: (arguments . {either}))) @lambda
 {_KEEPS})
((assignment_expression left: (member_expression) @_exports
   right: (function_expression name: (identifier) @name body: (_) @body)) @function
 (#match? @_exports "^(module[.])?exports$"))
(assignment_expression
  left: [(identifier) (member_expression) (subscript_expression)] @name right: {function}) @function
(assignment_expression
  left: [(identifier) (member_expression) (subscript_expression)] @name right: {arrow}) @lambda
(augmented_assignment_expression left: [(identifier) (member_expression)] @name right: {function}) @function
(augmented_assignment_expression left: [(identifier) (member_expression)] @name right: {arrow}) @lambda
(pair key: (_) @name value: {function}) @method
(pair key: (_) @name value: {arrow}) @lambda
(object_assignment_pattern left: (_) @name right: {arrow}) @lambda
(assignment_pattern left: (identifier) @name right: {either}) @lambda
(export_statement "default" @name value: {function}) @function
(export_statement "default" @name value: {arrow}) @lambda
{_chosen_patterns("variable_declarator name: (identifier) @name value:", "function")}
{_chosen_patterns("assignment_expression left: [(identifier) (member_expression)] @name right:", "function")}
{_chosen_patterns("pair key: (_) @name value:", "method")}
(function_expression name: (identifier) @name body: (_) @body) @function
(generator_function name: (identifier) @name body: (_) @body) @function

{_closure_patterns(function, wrapped(_ARROW_OF_STATEMENTS))}
{_call_patterns(wrapped(_EITHER_OF_STATEMENTS))}
(assignment_expression left: (member_expression) @name
  right: (binary_expression ["||" "??"] right: {_EITHER_OF_STATEMENTS})) @function
(lexical_declaration . (variable_declarator value: {holder}) @wrapped .) @wrapper
(variable_declaration . (variable_declarator value: {holder}) @wrapped .) @wrapper
(export_statement declaration: (_) @wrapped) @wrapper
(export_statement value: (_) @wrapped) @wrapper
"""


def constant_patterns(value: str, namespace: str = "", field: str = "field_definition") -> str:
    """Patterns for values bound by ``const`` at the top of a module, and for those of a class itself.

    Args:
        value: Pattern for the values.
        namespace: Type of the node for a namespace, whose values are constants, too; none unless given.
        field: Type of the node for a class's field.
    """

    def bound(value: str) -> str:
        return f'(lexical_declaration "const" . (variable_declarator name: (identifier) @name value: {value} @body) .)'

    inside = f"""
({namespace} body: (statement_block {bound("(_)")} @constant))
({namespace} body: (statement_block (export_statement declaration: {bound("(_)")}) @constant))
"""
    return f"""
(program {bound(value)} @constant)
(program (export_statement declaration: {bound(value)}) @constant)
{inside if namespace else ""}
({field} "static" (property_identifier) @name value: (_) @body) @constant
((expression_statement (assignment_expression left: (member_expression) @name right: {_TABLE} @body) @constant)
 (#eq? @name "module.exports"))
(export_statement "default" @name
  value: [{_TABLE} (call_expression function: (identifier) arguments: (arguments . (object)))] @body) @constant
"""


#: An object that does not only list what other lines define.
_TABLE = "(object . (pair value: [(string) (number) (true) (false) (object) (array) (template_string)]))"
#: What a table, an expression, a schema or a configuration is written as.
_CONSTANT = (
    "[(object) (array) (regex) (template_string) (new_expression) (await_expression)"
    " (call_expression function: [(identifier) (member_expression)])]"
)

COMMON_PATTERNS = f"""
(function_declaration name: (identifier) @name body: (_) @body) @function
(generator_function_declaration name: (identifier) @name body: (_) @body) @function
(method_definition name: (_) @name body: (_) @body) @method

(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
(assignment_expression left: (_) @name right: (class body: (_) @body)) @class
(pair key: (_) @name value: (class body: (_) @body)) @class
(export_statement "default" @name value: (class body: (_) @body)) @class
(class name: (_) @name body: (_) @body) @class
(class_declaration name: (_) @name body: (_) @body) @class
(variable_declarator name: (identifier) @name value: {_HOLDER})
(assignment_expression left: (_) @name right: {_HOLDER})
(pair key: (_) @name value: {_HOLDER})
(comment) @comment
"""


def _wrapped(value: str) -> str:
    """The value itself or in parentheses."""
    return f"[{value} (parenthesized_expression {value})]"


_QUERY = (
    COMMON_PATTERNS
    + binding_patterns(_wrapped, "(parenthesized_expression)")
    + f"""
{field_patterns("field_definition property", _wrapped)}
(decorator) @decorator
"""
    + constant_patterns(_CONSTANT)
)

_MEMBER = re.compile(rf"[{WORD}$#]+|\[\s*(?:Symbol\.\w+|[{WORD}$.]+)\s*\]|\[\s*(['\"`])(.*?)\1\s*\]")
_TRANSPARENT = frozenset({"prototype", "exports", "module", "this", "self", "window", "globalThis", "global"})


def member_parts(text: str) -> list[str]:
    """``Foo.prototype.bar`` is ``Foo.bar``; ``module.exports.f`` is ``f``; ``'on click'`` is ``on click``."""
    if text[:1] in "'\"`":
        return [text[1:-1]] if len(text) > 2 else []
    if "(" in text or "{" in text:
        tail = text.rsplit(".", 1)[-1]
        return [tail] if re.fullmatch(rf"[{WORD}$#]+", tail) else []
    parts = [match[2] if match[2] is not None else match[0] for match in _MEMBER.finditer(text)]
    kept = [part for part in parts[:-1] if part not in _TRANSPARENT] + parts[-1:]
    return [part for part in kept if part]


def container_parts(text: str) -> list[str]:
    """``Foo.prototype = {...}`` holds ``Foo``'s methods; ``module.exports = {...}`` adds no name."""
    return [part for part in member_parts(text) if part not in _TRANSPARENT]


#: A line that starts a definition.
DEFINITION = re.compile(
    rb"^[ \t]*(?:export[ \t]+(?:default[ \t]+)?)?(?:async[ \t]+)?function\b[ \t*]*([\w$]+)", re.MULTILINE
)

#: Reserved words of JavaScript and TypeScript.
KEYWORDS = words(
    """
    break case catch class const continue debugger default delete do else enum export extends false finally
    for function if import in instanceof new null return super switch this throw true try typeof var void
    while with
    """
)
#: Those that read like a method up to their parentheses; promises have a ``catch`` with no brace in front.
STATEMENT = re.compile(rb"(?:\b(?:for|function|if|switch|while|with)|\}[ \t]*catch)\Z")
#: HTML's comment is one of JavaScript's, too.
COMMENTS = CommentForms(block=(("/*", "*/"), ("<!--", "-->")))
#: Cypress and the usual test runners; Storybook.
SCRIPT_TESTS = (r"(?:^|/)(?:cypress|playwright)/", r"[.-](?:spec|cy|e2e)\.[cm]?[jt]sx?$")
SCRIPT_EXAMPLES = (r"\.stories\.[cm]?[jt]sx?$",)

SPEC = LanguageSpec(
    id="javascript",
    name="JavaScript",
    position=20,
    files=Files(
        suffixes=(".js", ".jsx", ".mjs", ".cjs", ".es6"),
        names=("jakefile",),
        interpreters=("node", "nodejs"),
        tests=SCRIPT_TESTS,
        examples=SCRIPT_EXAMPLES,
    ),
    editor_ids=("javascript", "javascriptreact"),
    aliases=("js", "jsx", "mjs", "node", "ecmascript"),
    mining=Mining(suffixes=(".js", ".mjs", ".cjs", ".jsx")),
    comments=COMMENTS,
    keywords=KEYWORDS,
    keywords_name_members=True,
    statement=STATEMENT,
    sisters=("typescript:tsx",),
    grammars={"": "tree_sitter_javascript:language"},
    query=_QUERY,
    name_parts=member_parts,
    container_parts=container_parts,
    constructors=frozenset({"constructor"}),
    signature_tail=("=>", "="),
    cut_body=b"",
    definition=DEFINITION,
)
