"""Python: ``def`` at any depth, lambdas bound to a name or attribute, classes, constants, docstrings."""

from __future__ import annotations

import re

from tree_sitter import Node

from cascode_indexer.extract.forms import CommentForms, tidy
from cascode_indexer.extract.shown import Shown
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, dotted_identifiers, words

#: Where a module's constants depend on something.
_BELOW = "".join(
    f"(module {clause.format('(block (expression_statement')}"
    " (assignment left: (identifier) @name right: (_) @body) @constant)))"
    f"{')' * (clause.count('(') - clause.count(')'))}\n"
    for clause in (
        "(if_statement {}",
        "(if_statement (elif_clause {}",
        "(if_statement (else_clause {}",
        "(try_statement {}",
        "(try_statement (except_clause {}",
        "(try_statement (else_clause {}",
    )
)

_QUERY = f"""
(function_definition name: (identifier) @name body: (_) @body) @function
(assignment left: [(identifier) (attribute)] @name right: (lambda body: (_) @body)) @lambda
(named_expression name: (identifier) @name value: (lambda body: (_) @body)) @lambda
((class_definition name: (identifier) @name superclasses: (argument_list (_) @_base) body: (_) @body) @protocol
 (#match? @_base "(^|[.])Protocol($|[^A-Za-z0-9_])"))
((class_definition name: (identifier) @name superclasses: (argument_list (_) @_base) body: (_) @body) @enum
 (#match? @_base "(^|[.])(Str|Int)?(Enum|Flag)$"))
(class_definition name: (identifier) @name body: (_) @body) @class
((module (expression_statement (assignment left: (identifier) @name right: (call function: (_) @_makes) @head) @class))
 (#match? @_makes "(^|[.])(namedtuple|NamedTuple|TypedDict|NewType|make_dataclass)$"))
((module (expression_statement (assignment left: (identifier) @name type: (type) @_alias right: (_) @body) @alias))
 (#match? @_alias "(^|[.])TypeAlias$"))
((module (expression_statement
   (assignment left: (identifier) @name right: (subscript value: [(identifier) (attribute)] @_alias) @body) @alias))
 (#match? @name "^_*[A-Z]+[a-z]")
 (#match? @_alias "(^|[.])(Callable|Union|Optional|Literal|Annotated|[Dd]ict|[Ll]ist|[Tt]uple|[Ss]et|[Tt]ype)$"))
(type_alias_statement left: (type [(identifier) @name (generic_type . (identifier) @name)]) right: (_) @body) @alias
(module (expression_statement (assignment left: (identifier) @name right: (_) @body) @constant))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name right: (_) @body) @constant)))
{_BELOW}(decorated_definition definition: (_) @wrapped) @wrapper
(decorated_definition (decorator) @decorator)
(comment) @comment
"""

#: ``r"..."``, ``u"..."``; bytes and f-strings are no docstrings.
_STRING = re.compile(r"""([rRuU]?)(\"\"\"|'\'\'|"|')(.*)\2\Z""", re.DOTALL)
_ESCAPE = re.compile(r"\\(\r\n|[\s\S])")
_ESCAPED = {"n": "\n", "t": "\t", "\n": "", "\r": "", "\r\n": "", "\\": "\\", "'": "'", '"': '"'}


def _first_statement(body: Node) -> Node | None:
    """The first child that is no comment: a module may begin with a licence."""
    # A node finds its sibling by counting from the first: a cursor walks a hundred thousand lines of comments at once.
    cursor = body.walk()
    if not cursor.goto_first_child():
        return None
    while cursor.node is not None and (cursor.node.type == "comment" or not cursor.node.is_named):
        if not cursor.goto_next_sibling():
            return None
    return cursor.node


def _docstring(body: Node, source: bytes) -> tuple[int, int, str] | None:
    """The docstring of a body or a module: its statement's span and its text."""
    if body.type not in ("block", "module"):
        return None
    statement = _first_statement(body)
    if statement is None or statement.type != "expression_statement" or statement.named_child_count != 1:
        return None
    value = statement.named_child(0)
    while value is not None and value.type == "parenthesized_expression" and value.named_child_count == 1:
        value = value.named_child(0)
    if value is None or value.type not in ("string", "concatenated_string"):
        return None
    strings = [value] if value.type == "string" else [n for n in value.named_children if n.type == "string"]
    pieces = []
    for node in strings:
        literal = source[node.start_byte : node.end_byte].decode("utf-8", "surrogatepass")
        match = _STRING.match(literal)
        if match is None:
            return None
        prefix, _, content = match.groups()
        raw = prefix in ("r", "R")
        pieces.append(content if raw else _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[0]), content))
    return statement.start_byte, statement.end_byte, tidy("".join(pieces).splitlines())


def _is_placeholder(body: Node) -> bool:
    """Whether a body is only ``...``: the idiom of overloads, protocols and stubs for "declared here"."""
    if body.type != "block" or body.named_child_count != 1:
        return False
    statement = body.named_child(0)
    if statement is None or statement.type != "expression_statement" or statement.named_child_count != 1:
        return False
    value = statement.named_child(0)
    return value is not None and value.type == "ellipsis"


def _attribute(text: str) -> list[str]:
    """``self.handler`` is named ``handler``."""
    parts = dotted_identifiers(text)
    return parts[1:] if len(parts) > 1 and parts[0] in ("self", "cls") else parts


#: Comment lines one after the other, more of them than anybody writes; and one, with its indentation.
_MANY_COMMENTS = re.compile(rb"(?:^[ \t]*#[^\n]*\n(?:[ \t\f\r]*\n)*){50,}", re.MULTILINE)
_COMMENT_LINE = re.compile(rb"^([ \t]*)#[^\n]*", re.MULTILINE)


def _shown(source: bytes) -> Shown:
    """The source with many lines of comments joined to one.

    Behind a block the grammar's scanner looks at each comment for the line that ends the block, which stands behind all
    of them: time by the square of their number. What is indented less than the comments before it may end a block and
    begins another comment.
    """
    shown = None
    for run in _MANY_COMMENTS.finditer(source):
        shown = shown or bytearray(source)
        end, least = -1, 0
        for line in _COMMENT_LINE.finditer(source, *run.span()):
            indentation = len(line[1]) + 7 * line[1].count(b"\t")
            if end >= 0 and indentation >= least:
                shown[end : line.start()] = b" " * (line.start() - end)
            else:
                least = indentation
            end = line.end()
    return Shown(source if shown is None else bytes(shown))


#: A line that starts a definition.
_DEFINITION = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)

_KEYWORDS = words(
    """
    False None True and as assert async await break class continue def del elif else except finally for from
    global if import in is lambda nonlocal not or pass raise return try while with yield
    """
)

SPEC = LanguageSpec(
    id="python",
    name="Python",
    position=10,
    files=Files(
        suffixes=(".py", ".pyw", ".pyi", ".wsgi"),
        names=("sconstruct", "sconscript", "wscript"),
        interpreters=("python", "pypy", "uv run", "pipx run"),
        tests=(r"(?:^|/)(?:conftest|tests)\.py$",),
        examples=(r"(?:^|/)asv_bench/",),
        encoding_comment=True,
    ),
    editor_ids=("python",),
    aliases=("py", "python3"),
    mining=Mining(suffixes=(".py",)),
    comments=CommentForms(line=("#",), block=()),
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_python:language"},
    query=_QUERY,
    name_parts=_attribute,
    constructors=frozenset({"__init__", "__new__"}),
    inside_doc=_docstring,
    module_doc=_docstring,
    constant_head=re.compile(r"(?:_*[A-Z][A-Z0-9_]*|urlpatterns)\b(?!\.)"),
    cut_body=b" ...",
    empty_body=b"pass",
    only_declares=_is_placeholder,
    doc_above=False,
    signature_tail=(":", "="),
    definition=_DEFINITION,
    shown=_shown,
    member_prefix=b"if 1:\n",
)
