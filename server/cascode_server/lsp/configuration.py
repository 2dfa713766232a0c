"""Settings: pulled from the client where it lets itself be asked, else taken from what it pushes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from cascode_server.lsp.params import at
from cascode_server.lsp.session import Session
from cascode_server.settings import WORKSPACE_FILE, Settings, resolve
from cascode_server.settings.leaves import EDITOR_LEAVES, LEAVES, SECTION

logger = logging.getLogger(__name__)

#: A client that does not answer this question must not keep the index from being made.
_PATIENCE_SECONDS = 2.0
#: Stands for the URI of a workspace where a client has none open.
_NO_FOLDER = ""


class Configuration:
    """Keeps a session's settings those of its client and files.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        #: What came with ``initialize``: in force while the client sets nothing.
        self._initial: object = None
        #: What was pushed, for all workspaces; and what was pulled, by the URI of a workspace.
        self._pushed: object = None
        self._pulled: dict[str, object] = {}
        #: Held while workspaces are found out about that came in: they are not indexed before.
        self._finding = asyncio.Lock()
        session.on_indexed.append(self._on_indexed)
        session.on_written.append(self._on_written)
        session.on_folders.append(lambda: session.workers.spawn(self._find()))

        @session.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
        async def changed(params: Any) -> None:
            """Ask for the new settings, or take those that came along."""
            settings = at(params, "settings")
            if self._pulls or settings is None:
                await self._pull()
            else:
                self._pushed = _own_part(settings) or self._initial
                await self._apply()

    @property
    def _pulls(self) -> bool:
        """Whether the client lets itself be asked."""
        return self._session.client is not None and self._session.client.can_configure

    def take_initial(self, settings: object) -> None:
        """Take the settings that came with ``initialize``."""
        self._initial = self._pushed = settings

    async def begin(self) -> None:
        """Find the settings to begin with, and register for changes."""
        client = self._session.client
        if client is not None and client.can_register_configuration:
            registration = types.Registration("cascode-configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION)
            self._session.client_register_capability(types.RegistrationParams([registration]))
        await self._find()

    async def _find(self) -> None:
        """Ask for the settings, with patience, and use them; of a client that is not asked, those that are known."""
        async with self._finding:
            if self._pulls:
                pull = asyncio.ensure_future(self._pull())
                done, _ = await asyncio.wait([pull], timeout=_PATIENCE_SECONDS)
                if done:
                    return
                logger.warning("the client did not send its settings in time; they apply once they arrive")
            await self._apply()

    async def _pull(self) -> None:
        """Ask the client for its settings and use them."""
        uris = [folder.uri for folder in self._session.folders] or [_NO_FOLDER]
        items = [types.ConfigurationItem(scope_uri=uri or None, section=SECTION) for uri in uris]
        try:
            answer = await self._session.workspace_configuration_async(types.ConfigurationParams(items))
        except Exception as error:  # the client's fault, whatever it is: the settings of before stay
            logger.warning("the client does not send its settings: %s", error)
            answer = ()
        for uri, settings in zip(uris, answer, strict=False):
            self._pulled[uri] = settings or self._initial  # null: the user took back what was set
        await self._apply()

    async def _apply(self) -> None:
        """Work out the settings and use what changed; what is asked meanwhile waits for them."""
        async with self._session.configuring:
            await self._resolve()

    async def _resolve(self) -> None:
        """Work out the settings of what was sent last."""
        session = self._session
        trusted = session.client is not None and session.client.trusted
        wanted: list[tuple[Path, object]] = [
            (folder.path, self._pulled.get(folder.uri, self._pushed)) for folder in session.folders
        ]
        general = self._pulled.get(_NO_FOLDER, self._pushed)

        def work() -> list[tuple[Settings, list[str]]]:
            if not wanted:
                return [resolve(general, None, trusted)]
            return [resolve(sent, root, trusted) for root, sent in wanted]

        found = await session.workers.side(work)
        for _, problems in found:
            for problem in problems:
                session.show_problem(problem)
        settings = [each for each, _ in found]
        _use(session, settings[0], {root: each for (root, _), each in zip(wanted, settings, strict=False)})

    def _on_indexed(self, root: Path, paths: frozenset[str] | None) -> None:
        """Read a workspace's file again after it changed; a scan of everything does not say whether it did."""
        if self._session.folder_of(root) is not None and (paths is None or WORKSPACE_FILE in paths):
            self._read_again()

    def _on_written(self, path: Path) -> None:
        """Read a workspace's file again, also where nothing is indexed: it may say that something is to be."""
        place = self._session.place_of(path) if path.name == WORKSPACE_FILE else None
        if place is not None and place[1] == WORKSPACE_FILE:
            self._read_again()

    def _read_again(self) -> None:
        """Work the settings out again, from any thread."""

        async def read() -> None:
            async with self._finding:
                await self._apply()

        self._session.workers.later(lambda: self._session.workers.spawn(read()))


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


def _use(session: Session, settings: Settings, of_folders: dict[Path, Settings]) -> None:
    """Put settings into effect.

    Args:
        session: The session.
        settings: Those of the first workspace.
        of_folders: Those of each workspace.
    """
    before, now = session.settings, settings
    sizes = {root: session.settings_of(root).indexing.max_file_size for root in of_folders}
    session.settings, session.folder_settings = settings, of_folders
    if before != now:
        session.log.use_level(settings.log.level)
    opened_with = [
        (each.device, each.model.path, each.indexing.threads, each.team.url, each.team.timeout)
        for each in (before, now)
    ]
    if opened_with[0] != opened_with[1] or any(
        each.indexing.max_file_size != sizes[root] for root, each in of_folders.items()
    ):
        logger.info("reopening the indexes: device, model, threads, maxFileSize or team changed")
        session.indexing.reopen()
    session.indexing.set_enabled(session.is_indexing_enabled)
    session.indexing.exclude(session.unindexed_roots())
    if settings.watcher != before.watcher and session.watching is not None:
        session.watching.reconsider()
