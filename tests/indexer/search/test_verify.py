"""A hit is right, relocated or dropped: what its file holds now decides."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.search import verify
from cascode_indexer.search.verify import Verifier
from cascode_indexer.types import SourceFile, StoredDefinition

SEND = "def send(mail):\n    return smtp(mail)\n"
QUEUE = "def queue(mail):\n    waiting.append(mail)\n"
LARGEST = 1 << 20


def stored(root: Path, text: str) -> dict[tuple[str, int], tuple[StoredDefinition, str]]:
    """Write ``mail.py`` and return what a store knows of it: by name and first line, definition and text."""
    path = root / "mail.py"
    path.write_text(text, encoding="utf-8")
    status = path.stat()
    source = SourceFile("mail.py", path, "python", status.st_size, status.st_mtime_ns)
    parsed = parse_content(source, path.read_bytes())
    return {
        (found.name, found.start_line): (
            StoredDefinition(
                id=number,
                text_id=number,
                path="mail.py",
                language="python",
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
                name=found.name,
                # As they come from SQLite: strings of their own.
                qualified_name="".join(list(found.qualified_name)),
                kind="".join(list(found.kind.value)),
                signature=found.signature,
                start_line=found.start_line,
                end_line=found.end_line,
                name_line=found.name_line,
                name_column=found.name_column,
            ),
            encoded,
        )
        for number, (found, encoded) in enumerate(zip(parsed.definitions, parsed.texts, strict=True))
    }


def write(root: Path, text: str) -> None:
    """Change ``mail.py``, a second later than it was written."""
    path = root / "mail.py"
    before = path.stat().st_mtime_ns
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def check(root: Path, known: tuple[StoredDefinition, str], largest: int = LARGEST) -> tuple[int, int, bool] | None:
    """First and last line of a definition now, and whether its text is new; None where it is gone."""
    verified = Verifier(root, largest).check(*known)
    if verified is None:
        return None
    return verified.definition.start_line, verified.definition.end_line, verified.new_text is not None


def test_a_file_of_the_same_size_and_time_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most files did not change since they were indexed."""
    known = stored(tmp_path, SEND)["send", 1]
    monkeypatch.setattr(verify, "read_bytes", None)
    assert check(tmp_path, known) == (1, 2, False)


def test_a_file_of_another_size_or_another_time_is_read(tmp_path: Path) -> None:
    """Either says that it changed."""
    known = stored(tmp_path, SEND + QUEUE)["queue", 3]
    before = (tmp_path / "mail.py").stat().st_mtime_ns
    write(tmp_path, QUEUE + SEND)
    assert (tmp_path / "mail.py").stat().st_size == known[0].size
    assert check(tmp_path, known) == (1, 2, False)
    write(tmp_path, f"# Mail.\n{QUEUE}")
    os.utime(tmp_path / "mail.py", ns=(before, before))
    assert check(tmp_path, known) == (2, 3, False)


def test_what_moved_has_its_new_lines_and_its_old_ids(tmp_path: Path) -> None:
    """Name and signature stand where they stand now, too."""
    known, text = stored(tmp_path, SEND)["send", 1]
    write(tmp_path, "# Mail.\n\nif smtp:\n    def send(mail, again=True):\n        return smtp(mail)\n")
    verified = Verifier(tmp_path, LARGEST).check(known, text)
    assert verified is not None
    now = verified.definition
    assert (now.start_line, now.end_line, now.name_line, now.name_column) == (4, 5, 4, 8)
    assert now.signature == "def send(mail, again=True)"
    assert (now.id, now.text_id, now.path) == (known.id, known.text_id, known.path)
    assert verified.new_text is not None
    assert "again" in verified.new_text


def test_of_several_with_one_name_the_same_text_is_the_one_that_moved(tmp_path: Path) -> None:
    """However near another one stands."""
    other = SEND.replace("smtp", "uucp")
    known = stored(tmp_path, SEND)["send", 1]
    write(tmp_path, other + "\n" * 50 + SEND)
    assert check(tmp_path, known) == (53, 54, False)


def test_of_several_that_were_edited_the_nearest_is_meant(tmp_path: Path) -> None:
    """Above or below."""
    known = stored(tmp_path, "\n" * 20 + SEND)["send", 21]
    first, second = SEND.replace("smtp", "uucp"), SEND.replace("smtp", "fax")
    write(tmp_path, "\n" * 2 + first + "\n" * 20 + second)
    assert check(tmp_path, known) == (25, 26, True)
    write(tmp_path, "\n" * 15 + first + "\n" * 30 + second)
    assert check(tmp_path, known) == (16, 17, True)


@pytest.mark.parametrize(
    "text",
    [QUEUE, "class send:\n    pass\n", "class Mail:\n    def send(self):\n        return 1\n", "", "\0\0\0"],
    ids=["gone", "another kind", "another container", "empty", "binary"],
)
def test_what_the_file_no_longer_holds_is_dropped(tmp_path: Path, text: str) -> None:
    """The same name elsewhere is another definition."""
    known = stored(tmp_path, SEND)["send", 1]
    write(tmp_path, text)
    assert check(tmp_path, known) is None


def test_a_file_that_is_gone_or_too_large_now_is_dropped(tmp_path: Path) -> None:
    """Nothing is shown that cannot be checked."""
    known = stored(tmp_path, SEND)["send", 1]
    write(tmp_path, f"{SEND}# {'x' * 100}\n")
    assert check(tmp_path, known) == (1, 2, False)
    assert check(tmp_path, known, largest=100) is None
    (tmp_path / "mail.py").unlink()
    assert check(tmp_path, known) is None


def test_a_changed_file_is_parsed_once_for_all_that_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer has several hits of one file."""
    known = stored(tmp_path, SEND + QUEUE)
    write(tmp_path, f"# Mail.\n{SEND}{QUEUE}")
    parsed: list[str] = []

    def counted(source: SourceFile, content: bytes) -> object:
        parsed.append(source.path)
        return parse_content(source, content)

    monkeypatch.setattr(verify, "parse_content", counted)
    verifier = Verifier(tmp_path, LARGEST)
    assert all(verifier.check(*pair) is not None for pair in known.values())
    assert parsed == ["mail.py"]
