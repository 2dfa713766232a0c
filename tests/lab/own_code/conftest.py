"""The small workspace of these tests, an index folder of their own, the bundled model."""

from small_workspace import index_folder, model, open_engine, workspace

__all__ = ["index_folder", "model", "open_engine", "workspace"]
