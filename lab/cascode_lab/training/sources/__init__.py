"""Sources of training examples, one file each: a new file here is a source that a preset can name."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from .corpora import Corpora
from .source import SOURCES, DefinitionText, Draws, Example, Source, make_sources

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["SOURCES", "Corpora", "DefinitionText", "Draws", "Example", "Source", "make_sources"]
