"""The small workspace of these tests, an index folder of their own, the bundled model and tiny ones."""

from small_workspace import index_folder, model, open_engine, workspace
from tiny_model import make_network_fixture, model_folder, network, tokenizer

__all__ = [
    "index_folder",
    "make_network_fixture",
    "model",
    "model_folder",
    "network",
    "open_engine",
    "tokenizer",
    "workspace",
]
