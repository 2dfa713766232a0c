"""A source that ends a process, or holds it, is left out by the next one."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.extract import EXTRACTION_VERSION
from cascode_indexer.indexing import parse_journal as module
from cascode_indexer.indexing.parse import parse_buffer
from cascode_indexer.indexing.parse_journal import ParseJournal, parse_journal
from cascode_indexer.location import index_root
from cascode_indexer.types import SkipReason, SourceFile
from fake_encoder import FakeModelHandle

DIGEST = bytes(range(16))
#: Holds a process for good by Perl's grammar, where the grammar is shown it as it is.
HANG = "sub f { 1 }\nprint <<EOF;\n@["
#: What a process did that is not mended.
UNMENDED = """
import sys
from pathlib import Path
from cascode_indexer.extract import grammars
from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.types import SourceFile
object.__setattr__(grammars.grammar_for("perl", "a.pl").spec, "shown", None)
parse_content(SourceFile("a.pl", Path("a.pl"), "perl", 0, 0), Path(sys.argv[1]).read_bytes())
"""


def dying(signal_: int) -> tuple[str, ...]:
    """A trial that a source does not survive."""
    return sys.executable, "-c", f"import os; os.kill(os.getpid(), {signal_})"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Notes of processes that ended."""
    return tmp_path / "parsing"


def left_by_another(folder: Path, digest: bytes) -> None:
    """A process notes a source and ends before it is parsed."""
    code = (
        "import os, sys; from pathlib import Path; from cascode_indexer.indexing.parse_journal import ParseJournal\n"
        "with ParseJournal(Path(sys.argv[1])).noting(bytes.fromhex(sys.argv[2])): os._exit(1)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder), digest.hex()], check=False)
    assert done.returncode == 1


def test_a_source_that_really_held_a_process_is_tried_by_the_next(index_folder: Path, tmp_path: Path) -> None:
    """By the real grammar, unmended; here it is mended, so the trial ends well and the source is read."""
    script = tmp_path / "a.pl"
    script.write_text(HANG, encoding="utf-8")
    journal = ParseJournal(index_root() / "parsing")
    held = subprocess.Popen([sys.executable, "-c", UNMENDED, str(script)])

    def noted() -> bool:
        return any(note.read_bytes().strip(b"\0") for note in journal.folder.glob("*.note"))

    while not noted():
        assert held.poll() is None
        time.sleep(0.05)
    time.sleep(1)  # such a source takes milliseconds
    assert noted()
    held.kill()
    held.wait()
    with Engine([tmp_path], model=FakeModelHandle()) as engine:
        journal._collect()
        (suspect,) = journal.folder.glob("*.suspect")
        engine.update()
        (workspace,) = engine.workspaces
        assert [found.name for found in workspace.store.definitions_of_file("a.pl")] == ["f"]
    assert not suspect.exists()


@pytest.mark.parametrize("how", ["signal", "hang"])
def test_a_source_that_fails_its_trial_is_left_out_from_then_on(
    folder: Path, how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is counted as one that cannot be parsed, in a line with its path; nothing is tried twice."""
    monkeypatch.setattr(module, "_journal", lambda _: journal)
    source, text = SourceFile("a.py", Path("a.py"), "python", 0, 0), "def one():\n    return 1\n"
    journal = ParseJournal(folder)
    digest = parse_buffer(source, text).digest
    left_by_another(folder, digest)
    slow = (sys.executable, "-c", "import time; time.sleep(60)")
    journal = ParseJournal(folder, dying(signal.SIGTERM) if how == "signal" else slow, seconds=2)
    assert parse_buffer(source, text).skip_reason is SkipReason.PARSE_FAILURE
    assert "a.py: " in caplog.text
    journal = ParseJournal(folder, ("no-such-command",))
    assert parse_buffer(source, text).skip_reason is SkipReason.PARSE_FAILURE
    assert parse_buffer(source, text + "\n").skip_reason is None


def test_a_source_that_a_killed_process_was_at_is_tried_once_and_read(folder: Path) -> None:
    """Most processes end for other reasons; the trial is the real one."""
    left_by_another(folder, DIGEST)
    journal = ParseJournal(folder)
    assert not journal.is_fatal(DIGEST, "python", "a.py", "def one():\n    return 1\n")
    assert list(folder.glob("*.suspect")) == []
    assert not ParseJournal(folder, dying(signal.SIGTERM)).is_fatal(DIGEST, "python", "a.py", "")


@pytest.mark.parametrize("left", ["8", ""])
def test_what_an_earlier_extraction_did_not_survive_is_tried_again(folder: Path, left: str) -> None:
    """Its fault may be mended; where it is not, the source is left out as before, without another trial."""
    folder.mkdir()
    fatal = folder / f"{DIGEST.hex()}{'-' if left else ''}{left}.fatal"
    fatal.touch()
    assert not ParseJournal(folder).is_fatal(DIGEST, "python", "a.py", "def one():\n    return 1\n")
    assert list(folder.glob("*.fatal")) == []
    fatal.touch()
    assert ParseJournal(folder, dying(signal.SIGTERM)).is_fatal(DIGEST, "python", "a.py", "")
    assert ParseJournal(folder, ("no-such-command",)).is_fatal(DIGEST, "python", "a.py", "")


def test_what_a_later_extraction_did_not_survive_is_believed(folder: Path) -> None:
    """Two versions that are installed share the folder, and must not try each other's at every start."""
    folder.mkdir()
    later = folder / f"{DIGEST.hex()}-{EXTRACTION_VERSION + 1}.fatal"
    later.touch()
    assert ParseJournal(folder, ("no-such-command",)).is_fatal(DIGEST, "python", "a.py", "")
    assert later.exists()


def test_verdicts_that_cannot_be_turned_stay_and_keep_no_other_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is locked, one whose name is damaged, and one that another process turned meanwhile."""
    folder.mkdir()
    locked, gone, last = (bytes([at]) * 16 for at in (1, 2, 3))
    for digest in (locked, gone, last):
        (folder / f"{digest.hex()}-1.fatal").touch()
    (folder / f"{DIGEST.hex()}-x.fatal").touch()
    usual = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if path.name.startswith(locked.hex()):
            raise PermissionError
        if path.name.startswith(gone.hex()):
            path.unlink()
        return usual(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    journal = ParseJournal(folder, ("no-such-command",))
    assert journal.is_fatal(locked, "python", "a.py", "")
    assert journal.is_fatal(DIGEST, "python", "a.py", "")
    assert not journal.is_fatal(gone, "python", "a.py", "")
    assert (folder / f"{last.hex()}.suspect").exists()


def test_a_trial_runs_where_nothing_of_a_workspace_can_be_imported(folder: Path) -> None:
    """An interpreter finds modules in the folder that it starts in."""
    left_by_another(folder, DIGEST)
    code = f"import os, sys; sys.exit(not os.path.samefile(os.getcwd(), {str(folder)!r}))"
    assert not ParseJournal(folder, (sys.executable, "-c", code)).is_fatal(DIGEST, "python", "a.py", "")


def test_what_a_running_process_is_at_is_no_suspect(folder: Path) -> None:
    """Nor what it has done; its notes are its owner's alone."""
    running = ParseJournal(folder)
    with running.noting(DIGEST):
        (note,) = folder.glob("*.note")
        assert note.read_bytes() == DIGEST
        if os.name == "posix":
            assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert not ParseJournal(folder, dying(signal.SIGTERM)).is_fatal(DIGEST, "python", "a.py", "")
        assert note.exists()
    assert note.read_bytes() == bytes(16)
    with pytest.raises(ValueError, match="the caller's"), running.noting(DIGEST):
        raise ValueError("the caller's")
    assert note.read_bytes() == bytes(16)


def test_each_thread_notes_what_it_is_at(folder: Path) -> None:
    """Two at once are both known."""
    journal = ParseJournal(folder)
    together = threading.Barrier(2)

    def parse(digest: bytes) -> None:
        with journal.noting(digest):
            together.wait()
            found.append({note.read_bytes() for note in folder.glob("*.note")})
            together.wait()

    found: list[set[bytes]] = []
    threads = [threading.Thread(target=parse, args=(bytes([at]) * 16,)) for at in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{bytes([1]) * 16, bytes([2]) * 16}] * 2
    assert list(folder.glob("*.note")) == []  # they went with their threads


def test_a_number_that_another_process_has_now_is_not_that_of_the_one_that_ended(folder: Path) -> None:
    """Processes are known by when they started as well."""
    folder.mkdir()
    for name in ("a.note", "a-b-c.note"):  # nobody's
        (folder / name).write_bytes(DIGEST)
    (folder / f"{os.getpid()}-1-1.note").write_bytes(DIGEST)
    assert ParseJournal(folder, dying(signal.SIGTERM)).is_fatal(DIGEST, "python", "a.py", "")
    assert {note.name for note in folder.glob("*.note")} == {"a.note", "a-b-c.note"}


def test_where_nothing_can_be_written_sources_are_read_all_the_same(tmp_path: Path) -> None:
    """A folder that is a file, a command that does not start."""
    (tmp_path / "parsing").write_text("", encoding="utf-8")
    journal = ParseJournal(tmp_path / "parsing")
    assert not journal.is_fatal(DIGEST, "python", "a.py", "")
    with journal.noting(DIGEST):
        pass
    other = ParseJournal(tmp_path / "other", ("no-such-command",))
    left_by_another(tmp_path / "other", DIGEST)
    assert not other.is_fatal(DIGEST, "python", "a.py", "")
    assert list((tmp_path / "other").glob("*.suspect"))


def test_noting_costs_nothing_that_one_would_notice(folder: Path) -> None:
    """A tenth of a millisecond a source at most, on any machine."""
    journal = ParseJournal(folder)
    start = time.thread_time()
    for _ in range(1000):
        assert not journal.is_fatal(DIGEST, "python", "a.py", "")
        with journal.noting(DIGEST):
            pass
    assert time.thread_time() - start < 0.2


def test_the_journal_lies_beside_the_indexes(index_folder: Path) -> None:
    """One for all workspaces: files move between them."""
    assert parse_journal().folder == index_root() / "parsing"
    assert parse_journal() is parse_journal()
