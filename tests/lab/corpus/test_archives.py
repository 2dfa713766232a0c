"""Reading archives that others made."""

from __future__ import annotations

import io
import random
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from cascode_lab.corpus import archives
from cascode_lab.corpus.archives import read_members
from cascode_lab.corpus.errors import ArchiveError

PY = frozenset({".py"})


def tarball(path: Path, members: dict[str, bytes]) -> Path:
    """Write a tarball of regular files."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_wanted_files_of_a_wheel_are_read(tmp_path: Path) -> None:
    """Suffixes and full names choose the members."""
    path = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("a/b.py", "x = 1\n")
        opened.writestr("a/b.so", "binary")
        opened.writestr("a-1.dist-info/METADATA", "Name: a\n")
    found = {member.path: member.content for member in read_members(path, PY | {"METADATA"})}
    assert found == {"a/b.py": b"x = 1\n", "a-1.dist-info/METADATA": b"Name: a\n"}


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "a\\..\\evil.py"])
def test_paths_that_climb_are_left_out(tmp_path: Path, name: str) -> None:
    """Neither tarballs nor zips may name a place outside themselves."""
    tar = tarball(tmp_path / "a.tgz", {name: b"x", "package/good.py": b"y"})
    assert [member.path for member in read_members(tar, PY)] == ["package/good.py"]
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr(name, "x")
    assert list(read_members(path, PY)) == []


def test_links_are_left_out(tmp_path: Path) -> None:
    """Symbolic and hard links of tarballs and symbolic links of zips are no sources."""
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            info = tarfile.TarInfo(f"link{kind.decode()}.py")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    assert list(read_members(path, PY)) == []
    zipped = tmp_path / "a.zip"
    with zipfile.ZipFile(zipped, "w") as opened:
        link = zipfile.ZipInfo("link.py")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    assert list(read_members(zipped, PY)) == []


def test_large_files_and_large_archives_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file over its cap is left out, and reading stops where the archive is over its own."""
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 100)
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", 150)
    members = {"big.py": b"x" * 101, **{f"{number}.py": b"y" * 60 for number in range(9)}}
    tar = tarball(tmp_path / "a.tgz", members)
    assert len(list(read_members(tar, PY))) == 3
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    assert [member.path for member in read_members(path, PY)] == ["0.py", "1.py"]


def test_debian_package_gives_its_files_and_control(tmp_path: Path) -> None:
    """A binary package made by dpkg-deb is read without being installed."""
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    control = "Package: ruby-a\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: a\n"
    (root / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    (root / "usr/lib/ruby").mkdir(parents=True)
    (root / "usr/lib/ruby/a.rb").write_text("def a\nend\n", encoding="utf-8")
    path = tmp_path / "ruby-a_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", str(root), str(path)], check=True, capture_output=True)
    found = {member.path: member.content for member in read_members(path, frozenset({".rb", "control"}))}
    assert found["usr/lib/ruby/a.rb"] == b"def a\nend\n"
    assert b"Package: ruby-a" in found["control"]


@pytest.mark.parametrize("name", ["a.whl", "a.tgz", "a.deb"])
def test_damaged_archives_are_named(tmp_path: Path, name: str) -> None:
    """The message names the file to remove."""
    path = tmp_path / name
    path.write_bytes(b"no archive at all")
    with pytest.raises(ArchiveError, match=name):
        list(read_members(path, PY))


WORDS = " ".join(random.Random(0).choices(("door", "gate", "hinge", "lock", "key"), k=60_000)).encode()


def damaged_tarball(kind: str) -> bytes:
    """A tarball of a file of words whose compressed data are no longer those in the middle."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w" if kind == "gz" else f"w:{kind}") as tar:  # type: ignore[call-overload]
        info = tarfile.TarInfo("a.py")
        info.size = len(WORDS)
        tar.addfile(info, io.BytesIO(WORDS))
    if kind == "gz":
        packer = zlib.compressobj(wbits=31)
        # Nothing can go on with these bits after a block.
        return packer.compress(plain.getvalue()[:100_000]) + packer.flush(zlib.Z_FULL_FLUSH) + b"\xff" * 100
    content = plain.getvalue()
    return content[:10_000] + b"\xff" * 1_000 + content[11_000:]


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2"])
def test_damage_inside_a_tarball_is_named(tmp_path: Path, kind: str) -> None:
    """Whatever the library of its compression raises."""
    path = tmp_path / f"a.tar.{kind}"
    path.write_bytes(damaged_tarball(kind))
    with pytest.raises(ArchiveError, match=r"Cannot read a\..*remove it so that it is fetched again"):
        list(read_members(path, PY))


def test_a_zip_that_asks_for_a_password_is_named(tmp_path: Path) -> None:
    """No package is encrypted: it is as good as damaged."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a.py", WORDS)
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of an encrypted member, in both of its headers
    content[content.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"Cannot read a\.zip .*password"):
        list(read_members(path, PY))
