"""The ranking rules, one module each: adding one is adding its module and its weight."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from cascode_indexer.rank.types import Rule


def _rules() -> Mapping[str, Rule]:
    """Collect the rule of every module of this package."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    rules = [module.RULE for module in modules]
    return {rule.name: rule for rule in rules}


#: Every rule by its name.
RULES: Mapping[str, Rule] = _rules()
