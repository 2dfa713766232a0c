"""One client's session: what the abilities share."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from cascode_server.lsp.client import Client
from cascode_server.lsp.client_log import ClientLogHandler, work_for
from cascode_server.lsp.parent import watch_process
from cascode_server.lsp.skipped import SkippedList
from cascode_server.lsp.wire import WireProtocol
from cascode_server.lsp.workers import Workers
from cascode_server.schema.shapes import ServerStatus
from cascode_server.service.indexing import IndexingService
from cascode_server.service.process import SharedParts, with_usable_team
from cascode_server.service.searching import Searching
from cascode_server.service.status import status_json
from cascode_server.service.types import Folder, Hooks
from cascode_server.settings import Settings
from cascode_server.version import version

if TYPE_CHECKING:
    from cascode import Disk, Engine, GistModel, ModelHandle
    from cascode_server.lsp.documents import Documents
    from cascode_server.lsp.notebooks import Notebooks
    from cascode_server.lsp.watching import Watching

logger = logging.getLogger(__name__)

#: Patience with a client that asks a question before it has said ``initialized``.
_START_SECONDS = 3.0
#: Patience with worker threads at the end: they look between batches whether they should stop.
_JOIN_SECONDS = 1.0


class Session(LanguageServer):
    """A client's session, from its first byte to its last.

    Abilities know each other through it only, so it holds more than other classes do: the client with its folders and
    settings, the services, the threads, and who subscribed to what.

    Args:
        parts: What the sessions of one process share.
        on_exit: Called once with the exit status when the session is over.
    """

    protocol: WireProtocol

    def __init__(self, parts: SharedParts, on_exit: Callable[[int], None]) -> None:
        super().__init__(
            "cascode",
            version(),
            protocol_cls=WireProtocol,
            converter_factory=default_converter,
        )
        self.client: Client | None = None
        self.folders: list[Folder] = []
        #: Those of the first workspace; what is not about one workspace is read from them.
        self.settings = Settings()
        self.folder_settings: dict[Path, Settings] = {}
        #: Held while settings that the client has sent are worked out.
        self.configuring = asyncio.Lock()
        self.documents: Documents | None = None
        self.notebooks: Notebooks | None = None
        self.watching: Watching | None = None
        #: Called on the event loop when workspaces came or went.
        self.on_folders: list[Callable[[], None]] = []
        #: Called on the event loop when the state of the indexes is another one.
        self.on_state: list[Callable[[], None]] = []
        #: Called on the indexing thread with what was indexed; see :class:`Hooks`.
        self.on_indexed: list[Callable[[Path, frozenset[str] | None], None]] = []
        #: Called on a thread with a file that was written or deleted, in a workspace that is indexed or not.
        self.on_written: list[Callable[[Path], None]] = []
        self.workers = Workers(functools.partial(work_for, self))
        self.indexing = IndexingService(
            self._open_engine,
            Hooks(
                self._state_changed,
                self.show_problem,
                self._watch,
                self._unwatch,
                self._announce_indexed,
                lambda root: self.settings_of(root).indexing.max_file_size,
            ),
        )
        self.skipped = SkippedList(self)
        self.searching = Searching(self.indexing, self.push_documents)
        self._parts = parts
        self._on_exit = on_exit
        self._shown: set[str] = set()
        #: Each ends the watching of a process.
        self._unwatchers: list[Callable[[], None]] = []
        self._started = asyncio.Event()
        self._ended = False
        work_for(self)
        self.log = ClientLogHandler(self)
        self.log.attach()

    @property
    def ended(self) -> bool:
        """Whether the session is over, or about to be."""
        return self._ended or self.protocol.is_shut_down

    @property
    def started(self) -> bool:
        """Whether indexing has begun: until then there is no engine, and none is about to come."""
        return self._started.is_set()

    @property
    def model(self) -> ModelHandle:
        """The model that the settings name."""
        return self._parts.model_of(self.settings)

    def gist_model(self, settings: Settings) -> GistModel:
        """The model that says what definitions do.

        Raises:
            JsonRpcInvalidParams: The settings name none.
        """
        name = settings.describe.model
        if not name:
            raise JsonRpcInvalidParams(
                "no model describes definitions: name one that you trained in the setting cascode.describe.model"
            )
        return self._parts.models.describer(name, settings.model.unload_minutes)

    @property
    def disk(self) -> Disk:
        """Says which spellings of a path are one file."""
        return self._parts.disk

    @property
    def is_indexing_enabled(self) -> bool:
        """Whether any workspace is to be indexed."""
        wanted = [self.settings_of(folder.path) for folder in self.folders] or [self.settings]
        return any(settings.indexing.enabled for settings in wanted)

    def unindexed_roots(self) -> set[Path]:
        """Return the workspaces whose settings say that they are not to be indexed."""
        return {folder.path for folder in self.folders if not self.settings_of(folder.path).indexing.enabled}

    def settings_of(self, root: Path) -> Settings:
        """Return the settings of a workspace."""
        return self.folder_settings.get(root, self.settings)

    def start_indexing(self) -> None:
        """Begin to index, once; the settings are known by now."""
        if not self._started.is_set() and not self._ended:
            self._started.set()
            self.indexing.start([folder.path for folder in self.folders], enabled=self.is_indexing_enabled)

    async def settings_in_force(self) -> Settings:
        """Return the settings once they are known; every request that depends on one reads it from here.

        A client that never says ``initialized`` is not waited for.
        """
        try:
            await asyncio.wait_for(self._started.wait(), _START_SECONDS)
        except asyncio.TimeoutError:
            self.start_indexing()
        async with self.configuring:  # what was sent before this request holds for it
            return self.settings

    def status(self) -> ServerStatus:
        """Describe the server."""
        describes = bool(self.settings.describe.model)
        return status_json(self.indexing.state, self.folders, self.model, self.version, describes=describes)

    def push_documents(self, engine: Engine) -> None:
        """Hand to the engine what was typed last; for worker threads, before each search."""
        if self.documents is not None:
            self.documents.push(engine)

    def place_of(self, path: Path) -> tuple[Path, str] | None:
        """Return the innermost workspace that holds a path, as the client spells it, and the path below it.

        It asks the disk for other spellings of the path; None where no workspace holds it.
        """
        roots = sorted((folder.path for folder in self.folders), key=lambda root: -len(root.parts))
        return self.disk.place(roots, path)

    def written(self, path: Path) -> None:
        """Notify subscribers of a file that was written or deleted; for threads."""
        for call in self.on_written:
            call(path)

    def folder_of(self, root: Path) -> Folder | None:
        """Return the workspace whose root this is."""
        return next((folder for folder in self.folders if folder.path == root), None)

    def show_problem(self, text: str) -> None:
        """Show a problem that the user can fix, once; safe to call from any thread."""
        if text in self._shown or self._ended:
            return
        self._shown.add(text)
        logger.warning("shown to the user: %s", text)
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"CasCode: {text}"))

    def end_with(self, process_id: int) -> None:
        """End once a process of the client has ended."""
        self._unwatchers.append(watch_process(process_id, lambda: self.workers.later(self.end, 1)))

    def end(self, status: int) -> None:
        """End the session; safe to call twice."""
        if not self._ended:
            self._ended = True
            self.log.detach()
            self.indexing.close()
            self._on_exit(status)

    def stop_threads(self) -> None:
        """Wait a moment for worker threads, so that files are closed in good order where that is quick."""
        self.indexing.close()
        for unwatch in self._unwatchers:  # the threads would keep the session as long as the processes live
            unwatch()
        if self.watching is not None:
            self.watching.close()
        self.workers.close()
        if not self.indexing.join(_JOIN_SECONDS):
            logger.info("exiting in the middle of a batch; it is done again at the next start")

    def _open_engine(self) -> Engine:
        """Open an engine as the settings say; called on the indexing thread."""
        work_for(self)
        return self._parts.open_engine(with_usable_team(self.settings, self.show_problem))

    def _state_changed(self) -> None:
        """Notify subscribers on the event loop."""
        self.workers.later(self._publish_state)

    def _publish_state(self) -> None:
        """Notify subscribers about the state."""
        for call in self.on_state:
            call()

    def _watch(self, root: Path) -> None:
        """Watch a workspace; called on the indexing thread."""
        if self.watching is not None:
            self.watching.watch(root)

    def _unwatch(self, root: Path) -> None:
        """Watch a workspace no longer; called on the indexing thread."""
        if self.watching is not None:
            self.watching.unwatch(root)

    def _announce_indexed(self, root: Path, paths: frozenset[str] | None) -> None:
        """Notify subscribers about indexed files."""
        for call in self.on_indexed:
            call(root, paths)
