"""The languages, one file each: a module of this package with a ``SPEC`` is a language."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from cascode_indexer.extract.spec import LanguageSpec


def _specs() -> Iterator[LanguageSpec]:
    """The rules of every module here."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        spec = importlib.import_module(module.name).SPEC
        assert isinstance(spec, LanguageSpec), module.name
        yield spec


#: Language id to its rules, in the order shown to people.
SPECS: Mapping[str, LanguageSpec] = {spec.id: spec for spec in sorted(_specs(), key=lambda spec: spec.position)}
