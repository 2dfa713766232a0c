"""A person at an editor: opens, edits, saves, moves files, asks, and changes their mind."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .conftest import Editor, ErrorAnswer
from .soak_workspace import file_text, git, real_functions, sources, words_of

#: LSP's code of a request that its client took back.
_CANCELLED = -32800
#: What a question about a line is answered with where no function stands there any more: -32602 or -32803.
_NOT_THERE = (-32602, -32803)
#: Questions that are on their way at once: more is no person.
_ASKED_AT_ONCE = 4
#: An answer that takes longer counts as none, on a machine that does much else.
_PATIENCE = 60.0
#: Open documents: beyond this the oldest is closed.
_OPEN_DOCUMENTS = 8
#: Files that one person adds; beyond it the workspace would grow, and memory with it for a good reason.
_NEW_FILES = 60


@dataclass(slots=True)
class _Question:
    """A request on its way."""

    id: int
    what: str
    asked: float
    cancelled: bool = False


@dataclass
class Person:
    """What one person does, by chance but the same for the same seed."""

    editor: Editor
    root: Path
    extra: Path
    chooser: random.Random
    number: int
    done: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _questions: list[_Question] = field(default_factory=list)
    _documents: dict[Path, str] = field(default_factory=dict)
    _made: list[Path] = field(default_factory=list)
    _functions: list[str] = field(default_factory=real_functions)
    _files: list[Path] = field(default_factory=list)
    _extra_open: bool = False
    _paused: bool = False
    _edits: int = 0

    def act(self) -> None:
        """Do one thing."""
        self._collect(wait=len(self._questions) >= _ASKED_AT_ONCE)
        weights = {
            self._search: 30,
            self._cancel: 8,
            self._edit: 25,
            self._save: 10,
            self._close: 6,
            self._status: 4,
            self._similar: 6,
            self._symbols: 4,
            self._write_outside: 6,
            self._rename: 4,
            self._delete: 2,
            self._pause_or_resume: 1,
            self._change_folders: 1,
            self._move_folder: 1,
            self._change_settings: 1,
        }
        action = self.chooser.choices(list(weights), list(weights.values()))[0]
        action()
        self.done[action.__name__.strip("_")] += 1

    def switch_branch(self, branch: str) -> None:
        """Check out a branch, whatever was changed in files."""
        git(self.root, "checkout", "--quiet", "--force", branch)
        self.done[f"switch to {branch}"] += 1
        self._files = []

    def leave(self) -> None:
        """Wait for every answer, close all documents unsaved, and put folders and indexing back."""
        self._collect(wait=True, all_of_them=True)
        for path in list(self._documents):
            self._close_one(path)
        if self._paused:
            self._pause_or_resume()
        if self._extra_open:
            self._change_folders()
        self._push_settings({})
        self._collect(wait=True, all_of_them=True)

    # Questions

    def _ask(self, what: str, method: str, params: Any) -> None:
        """Send a request without waiting."""
        self._questions.append(_Question(self.editor.begin(method, params), what, time.monotonic()))

    def _execute(self, command: str, **argument: Any) -> None:
        """Send a command without waiting."""
        self._ask(
            command, "workspace/executeCommand", {"command": f"cascode.server.{command}", "arguments": [argument]}
        )

    def _collect(self, *, wait: bool, all_of_them: bool = False) -> None:
        """Take the answers that came; the oldest, or all, are waited for."""
        for question in list(self._questions):
            waiting = wait and (all_of_them or question is self._questions[0])
            try:
                answer = self.editor.answer(question.id, _PATIENCE if waiting else 0)
            except TimeoutError:
                if not waiting:
                    continue
                self.wrong.append(f"no answer to {question.what} within {_PATIENCE} s")
            except ErrorAnswer as error:
                self._judge(question, error)
            else:
                self.answers["answered"] += 1
                if isinstance(answer, dict) and "hits" in answer and not question.cancelled:
                    self.seconds.append(time.monotonic() - question.asked)
                    self.answers["hits"] += len(answer["hits"])
            self._questions.remove(question)

    def _judge(self, question: _Question, error: ErrorAnswer) -> None:
        """Count an error that is in order; note any other."""
        if error.code == _CANCELLED and question.cancelled:
            self.answers["cancelled"] += 1
        elif error.code in _NOT_THERE and question.what == "similar":
            self.answers["could not be answered"] += 1
        else:
            self.wrong.append(f"{question.what}: {error}")

    def _search(self) -> None:
        """Ask for something that some function does, or did."""
        self._execute(
            "search", query=words_of(self.chooser.choice(self._functions)), limit=self.chooser.choice([5, 20])
        )

    def _cancel(self) -> None:
        """Ask and take it back."""
        self._search()
        question = self._questions[-1]
        question.cancelled = True
        self.editor.notify("$/cancelRequest", {"id": question.id})

    def _status(self) -> None:
        """Look at the status."""
        self._execute("status")

    def _similar(self) -> None:
        """Ask for functions like one in a file."""
        position = {"line": self.chooser.randint(3, 20), "character": 0}
        self._execute("similar", textDocument={"uri": self._some_file().as_uri()}, position=position)

    def _symbols(self) -> None:
        """Ask through the symbols."""
        self._ask("symbols", "workspace/symbol", {"query": "? parse an option"})

    # Documents

    def _edit(self) -> None:
        """Type a new function at the end of a document, opened if need be."""
        path = self._some_document()
        self._edits += 1
        name = f"edited_{self.number}_{self._edits % 20}"
        added = f"\n\ndef {name}(value):\n    return value + {self._edits % 20}\n"
        line = self._documents[path].count("\n")
        end = {"line": line, "character": len(self._documents[path].rpartition("\n")[2])}
        self._documents[path] += added
        self.editor.change(path.as_uri(), {"range": {"start": end, "end": end}, "text": added})
        if len(self._documents[path]) > 20_000:
            self._close_one(path)

    def _save(self) -> None:
        """Save a document."""
        path = self._some_document()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._documents[path], encoding="utf-8")
        self.editor.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})

    def _close(self) -> None:
        """Close a document, saved or not."""
        if self._documents:
            self._close_one(self.chooser.choice(list(self._documents)))

    def _close_one(self, path: Path) -> None:
        """Close this document."""
        del self._documents[path]
        self.editor.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def _some_document(self) -> Path:
        """Return an open document, a newly opened one now and then."""
        if not self._documents or self.chooser.random() < 0.3:
            path = self._some_file()
            if path not in self._documents:
                try:
                    text = path.read_text(encoding="utf-8")
                except FileNotFoundError:  # the other person, or another branch
                    text = ""
                if len(self._documents) >= _OPEN_DOCUMENTS:
                    self._close_one(next(iter(self._documents)))
                self._documents[path] = text
                self.editor.open(path, text)
            return path
        return self.chooser.choice(list(self._documents))

    # Files, outside the editor

    def _some_file(self) -> Path:
        """Return a source file that was there a moment ago."""
        if not self._files:
            self._files = sorted(sources(self.root))
            self.chooser.shuffle(self._files)
            del self._files[200:]  # listed again after so many: others move files meanwhile
        return self._files.pop()

    def _write_outside(self) -> None:
        """Write a file as a build or another program does, a new one or one that is there."""
        if len(self._made) < _NEW_FILES and self.chooser.random() < 0.5:
            path = self.root / "made" / f"by{self.number}_{len(self._made)}.py"
            path.parent.mkdir(exist_ok=True)
            self._made.append(path)
        else:
            path = self._some_file()
        if path.parent.is_dir():
            path.write_text(file_text(self.chooser, self._functions), encoding="utf-8")

    def _rename(self) -> None:
        """Rename a file, or the folder around it."""
        path = self._some_file()
        if self.chooser.random() < 0.1:
            path = path.parent
        # Back where it was, the second time: names do not grow.
        other = path.with_name(path.name.removeprefix("r_") if path.name.startswith("r_") else f"r_{path.name}")
        if path != self.root and path.exists() and not other.exists():
            path.rename(other)

    def _delete(self) -> None:
        """Delete a file."""
        self._some_file().unlink(missing_ok=True)

    # The session

    def _pause_or_resume(self) -> None:
        """Pause indexing, or let it go on."""
        self._execute("resume" if self._paused else "pause")
        self._paused = not self._paused

    def _change_folders(self) -> None:
        """Add a second workspace, or remove it."""
        folder = [{"uri": self.extra.as_uri(), "name": self.extra.name}]
        event = {"added": [], "removed": folder} if self._extra_open else {"added": folder, "removed": []}
        self.editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        self._extra_open = not self._extra_open

    def _move_folder(self) -> None:
        """Rename the second workspace on the disk; where it is open, it is opened again under its new name."""
        before, name = self.extra, self.extra.name
        self.extra = before.with_name(name.removeprefix("moved_") if name.startswith("moved_") else f"moved_{name}")
        before.rename(self.extra)
        if self._extra_open:
            event = {"added": [{"uri": self.extra.as_uri()}], "removed": [{"uri": before.as_uri()}]}
            self.editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    def _change_settings(self) -> None:
        """Set something else; the largest file is one that an index is opened with."""
        choices: list[dict[str, Any]] = [
            {"search": {"limit": self.chooser.randint(1, 50)}},
            {"search": {"rerank": self.chooser.choice(["auto", "never"])}},
            {"log": {"level": self.chooser.choice(["debug", "warning"])}},
            {"indexing": {"maxFileSize": self.chooser.choice([500_000, 1_000_000])}},
            {"indexing": {"threads": "many"}, "shape": None},  # mistakes are survived, and reported once
            {},
        ]
        self._push_settings(self.chooser.choice(choices))

    def _push_settings(self, settings: dict[str, Any]) -> None:
        """Send settings as a client does that is not asked."""
        self.editor.notify("workspace/didChangeConfiguration", {"settings": {"cascode": settings}})
