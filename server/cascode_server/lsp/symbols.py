"""Search through ``workspace/symbol``, for clients without a plugin of ours: ``? retry a failed upload``."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from cascode_server.lsp.commands import run_search
from cascode_server.lsp.params import string_at
from cascode_server.lsp.session import Session
from cascode_server.schema.shapes import Hit

#: Marks a query as ours: names of symbols never do, and other servers are asked the same queries.
SIGIL = "?"
_KINDS = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "constructor": types.SymbolKind.Constructor,
    "lambda": types.SymbolKind.Function,
    "class": types.SymbolKind.Class,
    "interface": types.SymbolKind.Interface,
    "trait": types.SymbolKind.Interface,
    "protocol": types.SymbolKind.Interface,
    "struct": types.SymbolKind.Struct,
    "record": types.SymbolKind.Struct,
    "enum": types.SymbolKind.Enum,
    "type": types.SymbolKind.Class,
    "module": types.SymbolKind.Module,
    "constant": types.SymbolKind.Constant,
}


def add_symbols(session: Session) -> None:
    """Answer ``workspace/symbol``."""

    @session.feature(types.WORKSPACE_SYMBOL)
    async def symbols(params: Any) -> list[types.SymbolInformation]:
        """Answer queries that begin with the sigil; to others this server has nothing to say."""
        query = string_at(params, types.WORKSPACE_SYMBOL, "query").lstrip()
        question = query[len(SIGIL) :].strip()
        if not query.startswith(SIGIL) or not question:
            return []
        found = await run_search(session, {"query": question})
        return [_symbol(hit) for hit in found["hits"]]


def _symbol(hit: Hit) -> types.SymbolInformation:
    """Return a hit as a symbol."""
    start, end = hit["selectionRange"]["start"], hit["selectionRange"]["end"]
    span = types.Range(types.Position(**start), types.Position(**end))
    return types.SymbolInformation(
        location=types.Location(hit["uri"], span),
        name=hit["name"],
        kind=_KINDS.get(hit["kind"], types.SymbolKind.Function),
        container_name=hit["path"],
    )
