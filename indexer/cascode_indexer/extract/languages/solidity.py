"""Solidity: functions, modifiers, constructors, contracts, interfaces, libraries, structs, enums, constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_QUERY = """
(function_definition name: (_) @name body: (_) @body) @function
(modifier_definition name: (_) @name body: (_) @body) @method
(constructor_definition "constructor" @name body: (_) @body) @constructor
(fallback_receive_definition ["receive" "fallback"] @name body: (_) @body) @method
(contract_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(library_declaration name: (_) @name body: (_) @body) @class
(struct_declaration name: (_) @name body: (_) @body) @struct
(enum_declaration name: (_) @name body: (_) @body) @enum
(user_defined_type_definition name: (_) @name "is" . (_) @head) @alias
(state_variable_declaration name: (_) @name value: (_) @body) @constant
(constant_variable_declaration name: (_) @name value: (_) @body) @constant
(comment) @comment
"""

_TAG = re.compile(r"(?m)^@(?:notice|dev|title|inheritdoc|author)[ \t]*")

#: A line that starts a definition.
_DEFINITION = re.compile(rb"^[ \t]*(?:function|modifier)[ \t]+(\w+)[^;{}]{0,1000}\{", re.MULTILINE)

SPEC = LanguageSpec(
    id="solidity",
    name="Solidity",
    position=260,
    files=Files(
        suffixes=(".sol",),
        tests=(r"\.t\.sol$",),
        examples=(r"\.s\.sol$",),
    ),
    editor_ids=("solidity",),
    mining=Mining(suffixes=(".sol",)),
    aliases=("sol",),
    keywords=words(
        "abstract assembly break catch constant continue contract delete do else emit enum event for function if"
        " import interface internal is library mapping memory modifier new payable pragma private public pure return"
        " returns storage struct try using view virtual while"
    ),
    grammars={"": "tree_sitter_solidity:language"},
    query=_QUERY,
    clean_doc=lambda text: _TAG.sub("", text),
    signature_tail=("{", "="),
    definition=_DEFINITION,
    member_prefix=b"contract A {\n",
)
