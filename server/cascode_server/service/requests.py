"""Search requests, from what a front end was asked and what the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascode_server.service.reranking import reranking

if TYPE_CHECKING:
    from cascode import SearchRequest
    from cascode_server.schema.shapes import SearchArgument
    from cascode_server.settings import Search

#: The model reads some hundred tokens of a query; splitting ten megabytes into words would take ten seconds.
_LONGEST_QUERY = 20_000


def search_request(
    argument: SearchArgument,
    settings: Search,
    *,
    rerank_top: int | None = None,
    wait_for_model: bool = True,
    team: bool = False,
) -> SearchRequest:
    """Return a request for the engine.

    Args:
        argument: What is asked; the settings stand in for what it leaves out.
        settings: The settings.
        rerank_top: K of this one search; None for the setting.
        wait_for_model: As in :class:`SearchRequest`.
        team: Whether the team's index is asked where the argument does not say.
    """
    from cascode import SearchRequest

    rerank, top = reranking(settings, wanted=argument.get("rerank"), top=rerank_top)
    return SearchRequest(
        query=argument["query"][:_LONGEST_QUERY],
        limit=argument.get("limit") or settings.limit,
        languages=tuple(argument.get("languages", ())),
        kinds=tuple(argument.get("kinds", ())),
        paths=tuple(argument.get("paths", ())),
        rerank=rerank,
        rerank_top=top,
        poly_top=settings.poly_top,
        wait_for_model=wait_for_model,
        team=argument.get("team", team),
    )
