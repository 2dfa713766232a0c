"""Puts the server together: lists the tools, answers their calls, asks the client for its roots, reports progress."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata

from cascode import CascodeError, ModelError
from cascode_server.mcp.calls import CALLS
from cascode_server.mcp.roots import default_roots, roots_of_client
from cascode_server.mcp.workspaces import Workspaces
from cascode_server.schema.read import ShapeError
from cascode_server.schema.tools import TOOLS, ToolAnswer, json_schema
from cascode_server.service.budget import Budgeted

logger = logging.getLogger(__name__)
Context = ServerRequestContext[Any, Any]
Result = types.CallToolResult | types.InputRequiredResult

#: Read by the model of every conversation: short.
_INSTRUCTIONS = (
    "CasCode finds code of this workspace by what it does, on this machine. Ask search_code before you grep or read "
    "files for something whose name you do not know."
)
#: Key of the request for roots in a call that is to be repeated with them.
_ROOTS_KEY = "roots"
#: A client that has not named its roots by then is served as one that has none.
_ROOTS_SECONDS = 5.0
#: Progress is looked at this often.
_PROGRESS_SECONDS = 0.25
#: Of a call's progress in per cent, what reading and encoding are: encoding takes most of the time.
_READ_SHARE, _ENCODE_SHARE = 20.0, 75.0


def build_server(workspaces: Workspaces, *, follow_roots: bool) -> Server[Any]:
    """Return a server that is ready to be connected.

    Args:
        workspaces: What it searches.
        follow_roots: Whether the client's roots say which workspaces those are.
    """
    roots = _ClientRoots(workspaces) if follow_roots else None
    tools = [
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=json_schema(tool.argument),
            output_schema=json_schema(ToolAnswer),
            annotations=types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
        )
        for tool in TOOLS
    ]

    async def list_tools(_context: Context, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def call_tool(context: Context, params: types.CallToolRequestParams) -> Result:
        if params.name not in CALLS:
            raise MCPError(types.INVALID_PARAMS, f"unknown tool {params.name!r}; there are {', '.join(CALLS)}")
        try:
            needed = None if roots is None else await roots.settle(context, params)
            return needed or _result(await _answer(workspaces, context, params))
        except (CascodeError, ModelError, ShapeError) as error:
            return _failure(str(error))
        except Exception as error:
            logger.exception("a call of %s failed", params.name)
            return _failure(f"internal error: {type(error).__name__}: {error}; the log of 'cascode mcp' has more")

    async def initialized(context: Context, _params: types.NotificationParams) -> None:
        assert roots is not None
        await roots.learn(context)

    async def roots_changed(context: Context, _params: types.NotificationParams) -> None:
        assert roots is not None
        roots.forget()
        await roots.learn(context)

    server: Server[Any] = Server(
        "cascode",
        version=importlib.metadata.version("cascode"),
        title="CasCode",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    server.middleware.clear()  # it opens spans for a tracer: nothing here is measured from outside
    if roots is not None:
        # Ahead of the first call, so that the index is being made while the agent still thinks.
        server.add_notification_handler("notifications/initialized", types.NotificationParams, initialized)
        server.add_notification_handler("notifications/roots/list_changed", types.NotificationParams, roots_changed)
    return server


class _ClientRoots:
    """The roots of the one client of the process, in either era of the protocol.

    Until 2025-11-25 the server asks for them. Since 2026-07-28 it answers a call with a question, and the client
    repeats the call with the answer.
    """

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._known = False
        self._asking = asyncio.Lock()

    def forget(self) -> None:
        """Ask again: the client says that they are others now."""
        self._known = False

    async def learn(self, context: Context) -> None:
        """Ask ahead of a call; the call reports a failure."""
        try:
            await self._ask(context)
        except CascodeError as error:
            logger.warning("%s", error)

    async def settle(self, context: Context, params: types.CallToolRequestParams) -> types.InputRequiredResult | None:
        """Make sure that the roots are known before a call is answered.

        Returns:
            What the client is to answer before it repeats the call; None where nothing is.

        Raises:
            CascodeError: There is no workspace to search.
        """
        if self._known:
            return None
        if not _has_roots(context) or context.session.can_send_request:
            await self._ask(context)
            return None
        given = (params.input_responses or {}).get(_ROOTS_KEY)
        if given is None:
            return types.InputRequiredResult(input_requests={_ROOTS_KEY: types.ListRootsRequest()})
        async with self._asking:
            await self._take(types.ListRootsResult.model_validate(given, from_attributes=True))
        return None

    async def _ask(self, context: Context) -> None:
        """Ask the client where it can be asked, and take what it says."""
        async with self._asking:
            if self._known:
                return
            found = None
            if _has_roots(context):
                try:
                    found = await context.session.send_request(
                        types.ListRootsRequest(),
                        types.ListRootsResult,
                        request_read_timeout_seconds=_ROOTS_SECONDS,
                        metadata=ServerMessageMetadata(related_request_id=context.request_id),
                    )
                except (MCPError, ValueError) as error:
                    logger.warning("the client does not say which roots it has: %s", error)
            await self._take(found)

    async def _take(self, found: types.ListRootsResult | None) -> None:
        """Search what the client names; where it names nothing, what a server without a client's roots searches."""
        roots = roots_of_client([str(root.uri) for root in found.roots]) if found is not None else []
        # On a thread: each root has a file of settings, and may lie on a disk that does not answer.
        await self._workspaces.on_thread(
            lambda _: self._workspaces.serve(roots or default_roots(self._workspaces.options))
        )
        self._known = True


def _has_roots(context: Context) -> bool:
    """Whether the client offers to name its roots."""
    capabilities = context.session.client_capabilities
    return capabilities is not None and capabilities.roots is not None


async def _answer(workspaces: Workspaces, context: Context, params: types.CallToolRequestParams) -> Budgeted:
    """Answer a call on a worker thread, with progress meanwhile."""
    call, arguments = CALLS[params.name], params.arguments or {}
    reporting = asyncio.create_task(_report(workspaces, context))
    try:
        return await workspaces.on_thread(lambda cancelled: call(workspaces, arguments, cancelled))
    finally:
        reporting.cancel()


async def _report(workspaces: Workspaces, context: Context) -> None:
    """Report how far the call has come, to a client that asked for it."""
    last = -1.0
    while True:
        per_cent, message = _progress(workspaces)
        if per_cent > last:
            await context.session.report_progress(per_cent, 100.0, message)
            last = per_cent
        await asyncio.sleep(_PROGRESS_SECONDS)


def _progress(workspaces: Workspaces) -> tuple[float, str]:
    """How far indexing has come, in per cent of a call and in words."""
    state = workspaces.state
    progress = state.progress if state.state in ("starting", "indexing") else None
    if progress is None:
        waiting = state.state == "starting"
        return (0.0, "opening the index") if waiting else (_READ_SHARE + _ENCODE_SHARE, "searching")
    if progress.phase == "scan":
        share = progress.files_done / progress.files_total if progress.files_total else 0.0
        return _READ_SHARE * share, f"reading files: {progress.files_done:,}"
    share = progress.functions_done / progress.functions_total if progress.functions_total else 0.0
    words = f"indexing: {progress.functions_done:,} of {progress.functions_total:,} functions"
    return _READ_SHARE + _ENCODE_SHARE * share, words


def _result(answer: Budgeted) -> types.CallToolResult:
    """The result of a call: its text, and the same as JSON."""
    return types.CallToolResult(content=[types.TextContent(text=answer.markdown)], structured_content=dict(answer.json))


def _failure(text: str) -> types.CallToolResult:
    """The result of a call that cannot be answered: a line that the agent can act on."""
    return types.CallToolResult(content=[types.TextContent(text=" ".join(text.split()))], is_error=True)
