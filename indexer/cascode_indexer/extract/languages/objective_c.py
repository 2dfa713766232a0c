"""Objective-C: methods by their selectors, functions, classes, protocols, C's types, constants."""

from __future__ import annotations

import re

from tree_sitter import Node

from cascode_indexer.extract.branches import Branches
from cascode_indexer.extract.shown import Shown, blank, blanked
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

from .c import CONSTANTS, KEYWORDS, TAGS_AND_MACROS, TYPEDEFS, declared_name

_QUERY = f"""
(method_definition . (method_type)? . (identifier) @bound (compound_statement) @body) @method
(function_definition declarator: (_) @name body: (_) @body) @function
(class_interface . (identifier) @name superclass: (_) @head) @class
(class_interface . (identifier) @name !superclass) @type
(class_implementation . (identifier) @name) @type
(ERROR "@implementation" . (identifier) @name @rest)
(protocol_declaration . (identifier) @name (protocol_reference_list)? @head) @protocol
{TYPEDEFS}
{TAGS_AND_MACROS}
{CONSTANTS.format("(string_literal)")}
(comment) @comment
"""


def _selector(node: Node, source: bytes) -> list[str]:
    """``- (void)moveTo:(Point)p animated:(BOOL)a`` is ``moveTo:animated:``."""
    if node.type != "method_definition":
        return []
    text = b""
    for child in node.named_children:
        if child.type == "identifier":
            text += source[child.start_byte : child.end_byte]
        elif child.type == "method_parameter":
            text += b":"
    return [text.decode("utf-8", "surrogatepass")]


#: Comments and literals, to be looked past.
_PROSE = re.compile(rb"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_MACRO = rb"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:\((?:[^()\n]|\([^()\n]*\))*\))?"
#: Macros that say something of a declaration: on a line of their own, in front of it, or behind it.
_MARKS = re.compile(
    rb"^[ \t]*(?:" + _MACRO + rb"[ \t]*)+(?=\n|@|[A-Za-z_]\w*[ \t*]+[A-Za-z_(*])"
    rb"|(?<=[\w)*>\]])[ \t]+(?:" + _MACRO + rb"[ \t]*)+(?=[;{\n])",
    re.MULTILINE,
)
#: What C++ adds to the type of a parameter, in sources that mix both.
_CPP_TYPE = re.compile(rb"(?<=[:)+\- ])\([\w \t]*\w((?:::[\w<>]+)+[\w \t]*&{0,2}[ \t]*|[ \t]*&{1,2}[ \t]*)\)")
#: Further C++ in them: lines about names, scopes, arguments of templates, references to constants, each without what
#: stands around the group or all of it.
_CPP = (
    re.compile(rb"^[ \t]*(?:using\b[^;{}()]*|namespace[ \t]+\w+[ \t]*=[^;{}()]*);", re.MULTILINE),
    re.compile(rb"^[ \t]*template[ \t]*<[^;{}()]*>", re.MULTILINE),
    re.compile(rb"(?<![\w:])(?:::)?(?:\w+::)+(?=\w)"),
    re.compile(rb"(?<=\w)<[\w \t:,*&<>]*>(?=[ \t]*\()"),
    re.compile(rb"(?<=[\w>])[ \t]+const[ \t]*&{1,2}|(?<=\bauto)[ \t]*&{1,2}"),
    re.compile(rb"\bconst[ \t]+\w+(?:<[^;{}()]*>)?[ \t]*(&{1,2})(?=[ \t]*\w+[ \t]*[,)=])"),
)
#: Types that are left to the compiler, and loops over a container, which Objective-C writes with a word.
_AUTO = re.compile(rb"\bauto\b")
_LOOP = re.compile(rb"\bfor[ \t]*\([\w \t*]+\w([ \t]:[ \t])")
_DIRECTIVE = re.compile(rb"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|else|endif|pragma)\b(?:\\\r?\n|[^\n])*", re.MULTILINE)
#: ``typedef NS_ENUM(NSInteger, State)`` declares ``enum State``.
_ENUM = re.compile(rb"\btypedef[ \t]+(?:NS|CF)_(?:\w*ENUM|OPTIONS)[ \t]*\([^,()\n]+,([ \t]*\w+[ \t]*)\)")


def _shown(source: bytes) -> Shown:
    """The source without the macros around declarations, and with one branch of conditionals that split a statement."""
    code = bytearray(_PROSE.sub(lambda match: blanked(match[0]), source))
    shown = bytearray(source)
    for match in _ENUM.finditer(bytes(code)):
        for buffer in (code, shown):
            blank(buffer, match.start(), match.start(1))
            blank(buffer, match.end(1), match.end())
            buffer[match.start() : match.start() + 4] = b"enum"
    prefixes = {}
    for match in _MARKS.finditer(bytes(code)):
        if code[code.rfind(b"\n", 0, match.start()) + 1 : match.start()].lstrip().startswith(b"#"):
            continue  # what a macro stands for
        prefixes[match.start() + len(match[0].rstrip())] = match.start()
        blank(code, *match.span())
        blank(shown, *match.span())
    for match in _CPP_TYPE.finditer(bytes(code)):
        blank(shown, *match.span(1))
    if b"::" in code or b"template" in code:
        for pattern in _CPP:
            for match in pattern.finditer(bytes(code)):
                blank(code, *match.span(pattern.groups))
                blank(shown, *match.span(pattern.groups))
        for match in _AUTO.finditer(bytes(code)):
            shown[slice(*match.span())] = b"int "
        for match in _LOOP.finditer(bytes(code)):
            shown[slice(*match.span(1))] = b" in"
    branches = Branches(code, shown, {})
    branches.choose()
    # The grammar knows no conditionals among the members of a class; what is left of them is whole.
    for match in _DIRECTIVE.finditer(bytes(code)):
        blank(shown, *match.span())
    return Shown(bytes(shown), prefixes=prefixes, branches=tuple(branches.blanked))


#: What only Objective-C has; MATLAB shares a suffix, C and C++ the other.
_SIGNS = re.compile(
    rb"^[ \t]*(?:@(?:interface|implementation|protocol|class|import|end)\b|#[ \t]*import\b)", re.MULTILINE
)


def _is_objective(head: bytes) -> bool:
    """Whether a source has a sign of Objective-C."""
    return _SIGNS.search(head) is not None


#: A line that starts a definition.
_DEFINITION = re.compile(rb"^[ \t]*[-+][ \t]*\([^\n{};]{1,200}?\)[ \t]*(\w+)[^;{}]{0,1000}\{", re.MULTILINE)

SPEC = LanguageSpec(
    id="objective_c",
    name="Objective-C",
    position=95,
    files=Files(
        suffixes=(".m", ".mm", ".h"),
        checks={".m": _is_objective, ".mm": _is_objective, ".h": _is_objective},
        tests=(r"(?-i:(?:Test|Tests|Spec)\.mm?$)",),
    ),
    editor_ids=("objective-c", "objective-cpp"),
    mining=Mining(suffixes=(".m",)),
    aliases=("objc", "objectivec", "objective-c++"),
    keywords=KEYWORDS | words("self super nil YES NO id"),
    grammars={"": "tree_sitter_objc:language"},
    query=_QUERY,
    shown=_shown,
    name_node=declared_name,
    spread_name=_selector,
    signature_tail=("{", "="),
    members_outside=True,
    definition=_DEFINITION,
    member_prefix=b"@implementation A\n",
    piece_prefix=b"@implementation A\n",
)
