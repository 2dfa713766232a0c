"""The languages, one file each: a module of this package with a ``SPEC`` is a language.

A module is imported when the first file of its language is read.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cascode_indexer.extract.facts import FACTS

if TYPE_CHECKING:
    from cascode_indexer.extract.spec import LanguageSpec


def read_specs() -> list[LanguageSpec]:
    """Import every module here; return their rules in the order shown to people."""
    found = [_read(module.name) for module in pkgutil.iter_modules(__path__)]
    return sorted(found, key=lambda spec: spec.position)


def _read(language: str) -> LanguageSpec:
    """Import the module of a language."""
    from cascode_indexer.extract.spec import LanguageSpec

    spec = importlib.import_module(f"{__name__}.{language}").SPEC
    assert isinstance(spec, LanguageSpec), language
    return spec


class _Specs(Mapping[str, "LanguageSpec"]):
    """The rules of each language, imported when they are asked for."""

    def __getitem__(self, language: str) -> LanguageSpec:
        if language not in FACTS:
            raise KeyError(language)
        return _read(language)

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)


#: Language id to its rules, in the order shown to people.
SPECS: Mapping[str, LanguageSpec] = _Specs()
