"""Evaluation of retrieval: metrics and the protocols of the field."""
