"""Ruby: ``def``, ``def self.``, ``define_method``, lambdas and procs bound to a name, classes, modules, constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_QUERY = """
(method name: (_) @name parameters: (_)? @head body: (_)? @body) @function
(singleton_method object: (_) @owner name: (_) @name parameters: (_)? @head body: (_)? @body) @method
((call method: (identifier) @_define arguments: (argument_list . [(simple_symbol) (string)] @name) @head
   block: (_ body: (_)? @body)) @method
 (#match? @_define "^define_(singleton_)?method$"))
((call method: (identifier) @_define
   arguments: (argument_list . [(simple_symbol) (string)] @name . (lambda body: (_) @body)) @head) @method
 (#match? @_define "^define_(singleton_)?method$"))
(assignment left: [(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @name
  right: (lambda body: (_) @body)) @lambda
((assignment left: [(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @name
  right: (call method: (identifier) @_lambda !arguments block: (_ body: (_)? @body))) @lambda
 (#match? @_lambda "^(lambda|proc)$"))
((assignment left: [(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @name
  right: (call receiver: (constant) @_proc method: (identifier) @_new block: (_ body: (_)? @body))) @lambda
 (#eq? @_proc "Proc") (#eq? @_new "new"))
((call !receiver method: (identifier) @_task
   arguments: (argument_list . [(simple_symbol) @name (string) @name (pair key: (_) @name)]) @head
   block: (_ body: (_) @body)) @lambda
 (#eq? @_task "task"))
((call !receiver method: (identifier) @_group arguments: (argument_list . [(simple_symbol) (string)] @name) block: (_))
 @namespace
 (#eq? @_group "namespace"))
((call !receiver method: (identifier) @owner arguments: (argument_list . (string) @name) @head
   block: (_ body: (_) @body)) @lambda
 (#match? @owner "^(get|post|put|patch|delete|options|route)$") (#match? @name "^.[/]"))
((call !receiver method: (identifier) @_scope
   arguments: (argument_list . (simple_symbol) @name . (lambda body: (_) @body)) @head) @method
 (#eq? @_scope "scope"))
(class name: (_) @name superclass: (_)? @head body: (_)? @body) @class
(module name: (_) @name body: (_)? @body) @mixin
((assignment left: (constant) @name
   right: (call receiver: (constant) @_base method: (identifier) block: (_)? @body) @head) @struct
 (#match? @_base "^(Struct|Data)$"))
((assignment left: (constant) @name
   right: (call receiver: (constant) @_base method: (identifier) block: (_)? @body) @head) @class
 (#eq? @_base "Class"))
((assignment left: (constant) @name
   right: (call receiver: (constant) @_base method: (identifier) block: (_)? @body) @head) @mixin
 (#eq? @_base "Module"))
(assignment left: (constant) @name right: (_) @body) @constant
(call arguments: (argument_list . [(method) (singleton_method)] @wrapped .)) @wrapper
(comment) @comment
"""


def _parts(text: str) -> list[str]:
    """``A::B`` is ``A.B``; ``:name``, ``@name`` and ``"name"`` are ``name``."""
    if text[:1] in "'\"":
        return [text[1:-1]] if len(text) > 2 else []
    if "::" in text:
        return [part for part in text.split("::") if part]
    return [text.lstrip(":@$").strip('"')] if text.strip(":@$") else []


def _owner(text: str) -> list[str]:
    """``self`` is the enclosing class; ``Config`` in ``def Config.load`` is a part of the name."""
    return [] if text == "self" else _parts(text)


#: A line that starts a definition.
_DEFINITION = re.compile(rb"^[ \t]*def[ \t]+(?:self\.)?(\w+[?!=]?)", re.MULTILINE)

_KEYWORDS = words(
    """
    BEGIN END alias and begin break case class def defined? do else elsif end ensure false for if in module
    next nil not or redo rescue retry return self super then true undef unless until when while yield
    """
)

SPEC = LanguageSpec(
    id="ruby",
    name="Ruby",
    position=70,
    files=Files(
        suffixes=(".rb", ".rake", ".gemspec", ".ru", ".rbw", ".podspec", ".thor", ".jbuilder"),
        names=("rakefile", "gemfile", "guardfile", "vagrantfile", "podfile", "capfile", "brewfile", "fastfile"),
        interpreters=("ruby", "jruby"),
        tests=(r"_spec\.rb$",),
        encoding_comment=True,
    ),
    editor_ids=("ruby",),
    aliases=("rb",),
    mining=Mining(suffixes=(".rb",)),
    comments=CommentForms(line=("#",), block=(("=begin", "=end"),)),
    keywords=_KEYWORDS,
    keywords_name_members=True,
    grammars={"": "tree_sitter_ruby:language"},
    query=_QUERY,
    name_parts=_parts,
    owner_parts=_owner,
    constructors=frozenset({"initialize"}),
    signature_tail=("{", "do", "=", "->", ",", ";"),
    cut_body=b"",
    definition=_DEFINITION,
    block_end=b"end",
)
