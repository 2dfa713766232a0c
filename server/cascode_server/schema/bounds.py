"""Bounds of what agents are answered; apart from the tools, which cost a command line a twentieth of a second."""

from __future__ import annotations

#: Tokens of an answer unless asked otherwise: three to six whole functions, a few per cent of an agent's context.
DEFAULT_TOKENS = 4_000
#: A widely used client refuses answers of more tokens than this.
MOST_TOKENS = 25_000
#: What is said beside the hits, and one of them with its declaration, has room in this.
LEAST_TOKENS = 500
