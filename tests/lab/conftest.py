"""The tiny model of these tests."""

from tiny_model import make_network_fixture, model_folder, network, plain_folder, tokenizer

__all__ = ["make_network_fixture", "model_folder", "network", "plain_folder", "tokenizer"]
