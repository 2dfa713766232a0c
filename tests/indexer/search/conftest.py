"""The shop of these tests."""

from shop_workspace import encoder, engine, root

__all__ = ["encoder", "engine", "root"]
