"""The languages, one file each."""

from __future__ import annotations

from collections.abc import Mapping

from cascode_indexer.extract.spec import LanguageSpec

from . import c, c_sharp, cpp, go, java, javascript, php, python, ruby, rust, typescript

_MODULES = (python, javascript, typescript, go, java, php, ruby, rust, c, cpp, c_sharp)

#: Language id to its rules, in the order shown to people.
SPECS: Mapping[str, LanguageSpec] = {module.SPEC.id: module.SPEC for module in _MODULES}
