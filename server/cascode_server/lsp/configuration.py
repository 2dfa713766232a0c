"""Settings: pulled from the client where it lets itself be asked, else taken from what it pushes."""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types

from cascode_server.lsp.session import Session
from cascode_server.settings import WORKSPACE_FILE, Settings, resolve

_log = logging.getLogger(__name__)

#: A client that does not answer this question must not keep the index from being made.
_PATIENCE_SECONDS = 2.0
#: Section of the editors' settings.
_SECTION = "cascode"


class Configuration:
    """Keeps a session's settings those of its client and files.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sent: object = None
        session.on_indexed.append(self._on_indexed)

        @session.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
        async def changed(params: types.DidChangeConfigurationParams) -> None:
            """Ask for the new settings, or take those that came along."""
            if not self._pulls:
                self._sent = params.settings
                await self._apply()
            else:
                await self._pull()

    @property
    def _pulls(self) -> bool:
        """Whether the client lets itself be asked."""
        return self._session.client is not None and self._session.client.can_configure

    def take_initial(self, settings: object) -> None:
        """Take the settings that came with ``initialize``."""
        self._sent = settings

    async def begin(self) -> None:
        """Find the settings to begin with, and register for changes."""
        client = self._session.client
        if client is not None and client.can_register_configuration:
            registration = types.Registration("cascode-configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION)
            self._session.client_register_capability(types.RegistrationParams([registration]))
        if self._pulls:
            pull = asyncio.ensure_future(self._pull())
            done, _ = await asyncio.wait([pull], timeout=_PATIENCE_SECONDS)
            if done:
                return
            _log.warning("the client did not tell its settings in time; they are used when they come")
        await self._apply()

    async def _pull(self) -> None:
        """Ask the client for its settings and use them."""
        folders = self._session.folders
        item = types.ConfigurationItem(scope_uri=folders[0].uri if folders else None, section=_SECTION)
        try:
            answer = await self._session.workspace_configuration_async(types.ConfigurationParams([item]))
        except Exception as error:  # the client's fault, whatever it is: the settings of before stay
            _log.warning("the client does not tell its settings: %s", error)
            answer = ()
        if answer and answer[0] is not None:
            self._sent = answer[0]
        await self._apply()

    async def _apply(self) -> None:
        """Work out the settings and use what changed."""
        session, sent = self._session, self._sent
        client = session.client
        workspace = session.folders[0].path if session.folders else None
        trusted = client is not None and client.trusted
        settings, problems = await session.side_thread(lambda: resolve(sent, workspace, trusted))
        for problem in problems:
            session.show_problem(problem)
        before, session.settings = session.settings, settings
        if settings != before:
            _use(session, before, settings)

    def _on_indexed(self, root: object, paths: frozenset[str] | None) -> None:
        """Read the workspace's file again after it changed."""
        folders = self._session.folders
        if paths is not None and WORKSPACE_FILE in paths and folders and folders[0].path == root:
            self._session.later(lambda: self._session.spawn(self._apply()))


def _use(session: Session, before: Settings, settings: Settings) -> None:
    """Put changed settings into effect."""
    from cascode_server.logs import set_level

    set_level(settings.log.level)
    opened_with = ("device", "model", "threads", "max_file_size")
    now = (settings.device, settings.model, settings.indexing.threads, settings.indexing.max_file_size)
    then = (before.device, before.model, before.indexing.threads, before.indexing.max_file_size)
    if now != then:
        _log.info("opening the indexes anew: one of %s changed", ", ".join(opened_with))
        session.indexing.reopen()
    session.indexing.set_enabled(settings.indexing.enabled)
