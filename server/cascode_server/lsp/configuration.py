"""Settings: pulled from the client where it lets itself be asked, else taken from what it pushes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from lsprotocol import types

from cascode_server.lsp.params import at
from cascode_server.lsp.session import Session
from cascode_server.settings import WORKSPACE_FILE, Settings, resolve
from cascode_server.settings.leaves import EDITOR_LEAVES, LEAVES, SECTION

logger = logging.getLogger(__name__)

#: A client that does not answer this question must not keep the index from being made.
_PATIENCE_SECONDS = 2.0


class Configuration:
    """Keeps a session's settings those of its client and files.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        #: What came with ``initialize``: in force while the client sets nothing.
        self._initial: object = None
        self._sent: object = None
        session.on_indexed.append(self._on_indexed)

        @session.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
        async def changed(params: Any) -> None:
            """Ask for the new settings, or take those that came along."""
            settings = at(params, "settings")
            if self._pulls or settings is None:
                await self._pull()
            else:
                self._sent = _own_part(settings) or self._initial
                await self._apply()

    @property
    def _pulls(self) -> bool:
        """Whether the client lets itself be asked."""
        return self._session.client is not None and self._session.client.can_configure

    def take_initial(self, settings: object) -> None:
        """Take the settings that came with ``initialize``."""
        self._initial = self._sent = settings

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
            logger.warning("the client did not send its settings in time; they apply once they arrive")
        await self._apply()

    async def _pull(self) -> None:
        """Ask the client for its settings and use them."""
        folders = self._session.folders
        item = types.ConfigurationItem(scope_uri=folders[0].uri if folders else None, section=SECTION)
        try:
            answer = await self._session.workspace_configuration_async(types.ConfigurationParams([item]))
        except Exception as error:  # the client's fault, whatever it is: the settings of before stay
            logger.warning("the client does not send its settings: %s", error)
            answer = ()
        if answer:
            self._sent = answer[0] or self._initial  # null: the user took back what was set
        await self._apply()

    async def _apply(self) -> None:
        """Work out the settings and use what changed; what is asked meanwhile waits for them."""
        async with self._session.configuring:
            await self._resolve()

    async def _resolve(self) -> None:
        """Work out the settings of what was sent last."""
        session, sent = self._session, self._sent
        client = session.client
        workspace = session.folders[0].path if session.folders else None
        trusted = client is not None and client.trusted
        settings, problems = await session.workers.side(lambda: resolve(sent, workspace, trusted))
        for problem in problems:
            session.show_problem(problem)
        before, session.settings = session.settings, settings
        if settings != before:
            _use(session, before, settings)

    def _on_indexed(self, root: object, paths: frozenset[str] | None) -> None:
        """Read the workspace's file again after it changed."""
        folders = self._session.folders
        if paths is not None and WORKSPACE_FILE in paths and folders and folders[0].path == root:
            self._session.workers.later(lambda: self._session.workers.spawn(self._apply()))


def _own_part(settings: object) -> object:
    """Return what is ours of settings that a client pushed: some push those of all servers in one tree."""
    if not isinstance(settings, Mapping):
        return settings
    if SECTION in settings:
        return settings[SECTION]
    prefix = f"{SECTION}."
    known = {key.partition(".")[0] for key in (*LEAVES, *EDITOR_LEAVES)}
    ours = {str(key).removeprefix(prefix): value for key, value in settings.items()}
    return {key: value for key, value in ours.items() if key.partition(".")[0] in known}


def _use(session: Session, before: Settings, settings: Settings) -> None:
    """Put changed settings into effect."""
    session.log.use_level(settings.log.level)
    opened_with = ("device", "model", "threads", "max_file_size")
    now = (settings.device, settings.model.path, settings.indexing.threads, settings.indexing.max_file_size)
    then = (before.device, before.model.path, before.indexing.threads, before.indexing.max_file_size)
    if now != then:
        logger.info("reopening the indexes: one of %s changed", ", ".join(opened_with))
        session.indexing.reopen()
    session.indexing.set_enabled(settings.indexing.enabled)
    if settings.watcher != before.watcher and session.watching is not None:
        session.watching.reconsider()
