"""Grammars and queries, compiled once a process when a language is first met."""

from __future__ import annotations

import ctypes
import functools
import importlib
import threading
from dataclasses import dataclass, replace

from tree_sitter import Language, Query

from .languages import SPECS
from .notebooks import is_notebook, without_magics
from .shown import Shown
from .spec import LanguageSpec


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language ready to parse."""

    #: The rules.
    spec: LanguageSpec
    #: The compiled grammar.
    language: Language
    #: The compiled query; shared by threads, which is safe: only cursors hold state.
    query: Query
    #: Finds what the parser could not read.
    errors: Query


#: Name of the capsules; the address of these bytes is kept in them.
_CAPSULE = b"tree_sitter.Language"
_ERRORS = "(ERROR) @error (MISSING) @missing"
_lock = threading.Lock()
_grammars: dict[tuple[str, str], Grammar] = {}


def grammar_for(language: str, path: str = "") -> Grammar:
    """The compiled grammar of a language.

    Args:
        language: Language id, a key of ``SPECS``.
        path: Chooses between variants of a grammar (TSX beside TypeScript).

    Returns:
        The same object for every call with the same language and variant.
    """
    spec = SPECS[language]
    variant = spec.variants.get(path[path.rfind(".") :].lower(), "") if spec.variants else ""
    in_cells = is_notebook(path)
    key = (language, f"{variant} in cells" if in_cells else variant)
    grammar = _grammars.get(key)
    if grammar is None:
        with _lock:
            grammar = _grammars.get(key)
            if grammar is None:
                grammar = _compile(spec, variant)
                if in_cells:
                    grammar = replace(grammar, spec=_in_cells(spec))
                _grammars[key] = grammar
    return grammar


def sister_grammars(language: str) -> list[Grammar]:
    """Grammars of other languages that may read a source of this one better; its own rules stay in force."""
    found = []
    for name in SPECS[language].sisters:
        other, _, variant = name.partition(":")
        key = (language, name)
        with _lock:
            if key not in _grammars:
                _grammars[key] = replace(_compile(SPECS[other], variant), spec=SPECS[language])
            found.append(_grammars[key])
    return found


def _in_cells(spec: LanguageSpec) -> LanguageSpec:
    """The rules of a language for the cells of a notebook."""

    def shown(source: bytes) -> Shown:
        code = without_magics(source)
        return Shown(code) if spec.shown is None else spec.shown(code)

    return replace(spec, shown=shown)


def _compile(spec: LanguageSpec, variant: str) -> Grammar:
    """The rules of a language with its grammar and query."""
    return Grammar(spec, *_compiled(spec.grammars[variant], spec.query))


@functools.cache
def _compiled(grammar: str, query: str) -> tuple[Language, Query, Query]:
    """Load a grammar's wheel and compile a query against it; components share TypeScript's, which takes 0.2 s."""
    module, _, function = grammar.partition(":")
    pointer = getattr(importlib.import_module(module), function)()
    language = Language(_capsule(pointer) if isinstance(pointer, int) else pointer)
    return language, Query(language, query), Query(language, _ERRORS)


def _capsule(pointer: int) -> object:
    """What tree-sitter takes, for grammars whose packages still give a bare address."""
    make = ctypes.pythonapi.PyCapsule_New
    make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    capsule: object = make(pointer, _CAPSULE, None)
    return capsule
