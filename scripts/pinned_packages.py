"""The real packages that extraction is measured on: fetched through their registries' own clients, in these versions.

They lie in the user's cache. What is there already is not fetched again.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import platformdirs

from cascode_indexer.extract import head_bytes, language_of, source_suffixes
from cascode_lab.corpus.archives import read_members
from cascode_lab.corpus.fetch import fetch
from cascode_lab.corpus.types import Package

#: Registry, name, version, language: of each language some that are large, old or full of macros.
PACKAGES: tuple[tuple[str, str, str, str], ...] = (
    ("pypi", "celery", "5.7.0", "python"),
    ("pypi", "scrapy", "2.19.0", "python"),
    ("npm", "eslint", "10.15.0", "javascript"),
    ("npm", "lodash-es", "4.18.1", "javascript"),
    ("npm", "rxjs", "7.8.2", "typescript"),
    ("debian", "golang-github-miekg-dns-dev", "1.1.50-2", "go"),
    ("debian", "golang-github-spf13-cobra-dev", "1.6.1-1", "go"),
    ("debian", "jsoup", "1.15.3-1", "java"),
    ("debian", "php-symfony-console", "5.4.53+dfsg-0+deb12u1", "php"),
    ("debian", "php-twig", "3.5.1-1+deb12u3", "php"),
    ("debian", "ruby-rack", "2.2.22-0+deb12u1", "ruby"),
    ("debian", "ruby-thor", "1.2.1-2", "ruby"),
    ("debian", "librust-hyper-dev", "0.14.19-1", "rust"),
    ("debian", "librust-regex-dev", "1.7.1-1", "rust"),
    ("debian", "memcached", "1.6.18-1", "c"),
    ("debian", "pcre2", "10.42-1", "c"),
    ("debian", "tmux", "3.3a-3", "c"),
    ("debian", "leveldb", "1.23-4", "cpp"),
    ("debian", "re2", "20220601+dfsg-1", "cpp"),
    ("debian", "fmtlib", "9.1.0+ds1-2", "cpp"),
    ("debian", "abseil", "20220623.1-1+deb12u2", "cpp"),
    ("debian", "newtonsoft-json", "6.0.8+dfsg-1.1", "c_sharp"),
    ("npm", "react-native-screens", "4.30.1", "kotlin"),
    ("npm", "react-native-svg", "15.16.1", "objective_c"),
    ("debian", "lua-penlight", "1.13.1-3", "lua"),
    ("npm", "bats", "1.13.0", "bash"),
    ("debian", "libmojolicious-perl", "9.31+dfsg-1", "perl"),
    ("debian", "libcmdliner-ocaml-dev", "1.1.1-1", "ocaml"),
    ("debian", "elixir-lang", "1.14.0.dfsg-2", "elixir"),
    ("debian", "haskell-aeson", "2.0.3.0-1", "haskell"),
    ("debian", "scala", "2.11.12-5", "scala"),
    ("npm", "@openzeppelin/contracts", "5.7.0", "solidity"),
)


def fetched(languages: set[str]) -> Iterator[Path]:
    """Fetch and unpack the packages of some languages, or of all; what is there already is not fetched again."""
    cache = Path(platformdirs.user_cache_dir("cascode-coverage"))
    suffixes = source_suffixes()
    for source, name, version, language in PACKAGES:
        if languages and language not in languages:
            continue
        package = Package(source, name, version, "", (language,), "")
        folder = cache / "sources" / source / package.folder
        if not folder.is_dir():
            # Beside it: what a stopped run unpacked is not taken for the whole.
            part = folder.with_name(folder.name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            for archive in fetch(package, cache / "archives"):
                for member in read_members(archive, suffixes):
                    path = part / member.path
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(member.content)
            part.replace(folder)
        yield folder


def sources(folder: Path) -> Mapping[str, list[Path]]:
    """Files of a folder by language."""
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                language = language_of(path.name, stream.read(head_bytes(path.name)))
            if language is not None:
                found[language].append(path)
    return found
