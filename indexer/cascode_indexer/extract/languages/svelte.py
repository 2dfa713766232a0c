"""Svelte: the scripts of a component."""

from __future__ import annotations

from cascode_indexer.extract.scripts import with_scripts

SPEC = with_scripts("svelte", "Svelte", 322, (".svelte",))
