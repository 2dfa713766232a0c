"""Astro: the code at the head of a component, and its scripts."""

from __future__ import annotations

import dataclasses

from cascode_indexer.extract.scripts import shown_component, with_scripts

SPEC = dataclasses.replace(with_scripts("astro", "Astro", 323, (".astro",)), shown=shown_component)
