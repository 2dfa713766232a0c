"""C++: definitions in and out of their class, templates, operators, lambdas bound to a name, types, tables, macros."""

from __future__ import annotations

import re

from cascode_indexer.extract.doxygen import plain_comment
from cascode_indexer.extract.macros import cpp_shown
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

from .c import (
    CONSTANTS,
    DEFINITION,
    ENUMERATIONS,
    KEYWORDS,
    TAGS_AND_MACROS,
    TYPEDEFS,
    aliases,
    declared_name,
    is_local,
    is_statement,
)

#: Types that ``typedef`` gives another name.
_TYPES = (
    "(primitive_type) (sized_type_specifier) (type_identifier) (qualified_identifier) (template_type) (dependent_type)"
)

_FIELD = "(field_identifier) @bound"

_QUERY = f"""
(function_definition declarator: (_) @name (field_initializer_list) @tail body: (_) @body) @function
(function_definition declarator: (_) @name body: (_) @body) @function
(function_definition declarator: (_) @name (try_statement) @body) @function
(init_declarator declarator: (identifier) @bound value: (lambda_expression body: (_) @body)) @lambda
(field_declaration declarator: (_) @bound default_value: (lambda_expression body: (_) @body)) @lambda
(assignment_expression left: [(identifier) (field_expression) (qualified_identifier)] @bound
  right: (lambda_expression body: (_) @body)) @lambda
{TYPEDEFS}
(class_specifier name: (_) @name body: (_) @body) @class
{TAGS_AND_MACROS}
{CONSTANTS.format("(string_literal) (raw_string_literal)")}
(field_declaration (storage_class_specifier)
  declarator: [{_FIELD} (array_declarator [{_FIELD} (array_declarator {_FIELD})])]
  default_value: (initializer_list) @body) @constant
(alias_declaration name: (_) @name type: (_) @body) @alias
{aliases(_TYPES)}
(concept_definition name: (identifier) @name "=" (_) @body) @alias
{ENUMERATIONS}
(namespace_definition name: (_) @name body: (_)) @namespace
(template_declaration (_) @wrapped .) @wrapper
(friend_declaration (function_definition) @wrapped) @wrapper
(declaration declarator: (init_declarator value: (lambda_expression)) @wrapped) @wrapper
(comment) @comment
"""

_SPACES = re.compile(r"\s+")
_OPERATOR = re.compile(r"\boperator\b(?![\w$])")
_ACCESS = re.compile(r"->|\.|::")


def _without_arguments(text: str) -> str:
    """Drop template arguments, nested ones included."""
    kept = []
    depth = 0
    for character in text:
        if character == "<":
            depth += 1
        elif character == ">":
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(character)
    return "".join(kept)


def _parts(text: str) -> list[str]:
    """``net::Pool<T>::~Pool`` is ``net.Pool.~Pool``, ``A::operator bool() const`` is ``A.operator bool``."""
    operator = ""
    match = _OPERATOR.search(text)
    if match:
        symbol = text[match.end() :].strip()
        symbol = "()" if symbol.startswith("(") else _SPACES.sub(" ", symbol.split("(", 1)[0].strip())
        operator = f"operator {symbol}" if symbol[:1].isalpha() else f"operator{symbol}"
        text = text[: match.start()]
    parts = [_SPACES.sub("", part) for part in _ACCESS.split(_without_arguments(text))]
    if parts and parts[0] == "this":
        parts = parts[1:]
    return [part for part in [*parts, operator] if part]


#: Reserved words that C does not have.
_FURTHER_KEYWORDS = words(
    """
    alignas alignof and asm bool catch char16_t char32_t class concept const_cast consteval constexpr
    constinit co_await co_return co_yield decltype delete dynamic_cast explicit export false friend mutable
    namespace new noexcept not nullptr or private protected public reinterpret_cast requires static_assert
    static_cast template this throw true try typeid typename using virtual wchar_t xor
    """
)

#: Comments and strings are cut before the look for C++: prose is full of "class" and "using".
_PROSE = re.compile(rb"//[^\n\r]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n\r])*\"", re.DOTALL)
#: What a header shows to C++ compilers only.
_GUARDED = re.compile(
    rb"^[ \t]*\#[ \t]*if(?:def[ \t]+|[ \t]+defined[ \t]*\(?[ \t]*)__cplusplus"
    rb".*?^[ \t]*\#[ \t]*(?:endif|else)[^\n\r]*",
    re.DOTALL | re.MULTILINE,
)
#: What C does not have. One expression each, and each begins with what is rare: as one they take four times as long.
_SIGNS = tuple(
    re.compile(sign, re.MULTILINE)
    for sign in (
        rb"::(?<=\w::)[A-Za-z_~]",
        rb"\#[ \t]*include[ \t]*<[a-z_]+>[ \t]*$",
        rb"\)\s*(?:const|noexcept|override|final)\s*[;{]",
        rb"=\s*(?:default|delete)\s*;",
        rb"struct(?<=\bstruct)\s+\w+\s*(?:final\s*)?:(?!:)\s*[A-Za-z_]",
        rb"enum(?<=\benum)\s+(?:class|struct)\s",
        rb"_cast\s*<",
        rb"operator(?<=\boperator)\s*[-+*/=<>!(\[]",
        rb"^[ \t]*(?:class\s+[A-Za-z_]|namespace\s*[A-Za-z_{]|template\s*<|using\s+[A-Za-z_:]"
        rb"|(?:public|private|protected)\s*:|virtual\s|friend\s|constexpr\s|explicit\s|inline\s+namespace\s)",
    )
)


def _looks_like_cpp(head: bytes) -> bool:
    """Whether a header uses what C does not have, outside of what it shows to C++ compilers only."""
    code = _GUARDED.sub(b"", _PROSE.sub(b"", head))
    return any(sign.search(code) for sign in _SIGNS)


def _holds_functions(head: bytes) -> bool:
    """Whether an include file that is no PHP holds functions of C or C++: assembler shares the suffix."""
    return DEFINITION.search(_PROSE.sub(b"", head)) is not None


SPEC = LanguageSpec(
    id="cpp",
    name="C++",
    position=100,
    files=Files(
        suffixes=(
            ".cpp",
            ".cc",
            ".cxx",
            ".c++",
            ".hpp",
            ".hh",
            ".hxx",
            ".h++",
            ".ipp",
            ".tpp",
            ".tcc",
            ".txx",
            ".cppm",
            ".ixx",
            ".inl",
            ".cu",
            ".cuh",
            ".ino",
            ".h",
            ".inc",
        ),
        checks={".h": _looks_like_cpp, ".inc": _holds_functions},
    ),
    editor_ids=("cpp", "cuda-cpp"),
    aliases=("c++", "cxx", "cc", "hpp", "cplusplus"),
    mining=Mining(
        suffixes=(".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".ipp"), plain_doc=plain_comment, is_compiled=True
    ),
    keywords=KEYWORDS | _FURTHER_KEYWORDS,
    grammars={"": "tree_sitter_cpp:language"},
    query=_QUERY,
    shown=cpp_shown,
    name_node=declared_name,
    is_statement=is_statement,
    is_local=is_local,
    name_parts=_parts,
    constructor_named_as_type=True,
    definition=DEFINITION,
    behind_block=b";",
    signature_tail=("{", ":", "="),
)
