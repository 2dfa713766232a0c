"""Vector indexes: inner product over unit vectors, derived from the store, rebuilt whenever in doubt."""

from cascode_indexer.vectors.build import build_index, has_outgrown
from cascode_indexer.vectors.types import VectorIndex

__all__ = ["VectorIndex", "build_index", "has_outgrown"]
