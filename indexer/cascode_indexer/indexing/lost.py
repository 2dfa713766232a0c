"""What a lost cache took along is encoded again."""

from __future__ import annotations

from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import VectorCache


def forget_lost(store: Store, cache: VectorCache) -> None:
    """Make passages pending again whose vector or states the cache has not: it is another one than they went to."""
    keys = store.keys(store.encoded_passages())
    known = cache.known(keys.values())
    store.mark_encoded([passage for passage, key in keys.items() if key not in known], encoded=False)
