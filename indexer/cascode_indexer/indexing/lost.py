"""What a lost cache took along is encoded again."""

from __future__ import annotations

from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import VectorCache


def forget_lost(store: Store, cache: VectorCache) -> None:
    """Make texts pending again whose vector or states the cache has not: it is another one than they went to."""
    keys = store.keys(store.encoded_text_ids())
    known = cache.known(keys.values())
    store.mark_encoded([text_id for text_id, key in keys.items() if key not in known], encoded=False)
