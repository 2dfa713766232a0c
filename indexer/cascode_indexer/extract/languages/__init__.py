"""The languages, one file each."""

from __future__ import annotations

from collections.abc import Mapping

from cascode_indexer.extract.spec import LanguageSpec

from . import go, java, javascript, php, python, ruby, typescript

#: Language id to its rules, in the order shown to people.
SPECS: Mapping[str, LanguageSpec] = {
    module.SPEC.id: module.SPEC
    for module in (python, javascript, typescript, go, java, php, ruby)
}
