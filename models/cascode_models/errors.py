"""Exceptions of the model package.

ModelError                  a model, its training data or its training settings cannot be used
"""

from __future__ import annotations


class ModelError(Exception):
    """A model, its data or its settings cannot be used; the message is one line that names the fix."""
