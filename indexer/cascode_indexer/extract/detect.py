"""Which language a file is written in: by its name, by the program that runs it, by a look inside."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict

from .facts import FACTS, LanguageFacts
from .languages import SPECS
from .notebooks import NOTEBOOK_SUFFIX, NOTEBOOK_TIMES, kernel_language

#: Ids of the languages definitions are found in.
LANGUAGES: tuple[str, ...] = tuple(FACTS)

#: Bytes that a look inside may need. A header can begin with a licence of any length, and one sign of C++
#: anywhere decides; this is the largest file that is read unless a user raises the limit.
HEAD_BYTES = 1 << 20
#: Bytes that hold a first line with a path and options.
_FIRST_LINE_BYTES = 256

_ALIASES = {alias: facts.id for facts in FACTS.values() for alias in (*facts.editor_ids, *facts.aliases)}
_BY_NAME = {name: facts.id for facts in FACTS.values() for name in facts.names}
_BY_INTERPRETER = {name.encode(): facts.id for facts in FACTS.values() for name in facts.interpreters}
_SHEBANG = re.compile(
    rb"(?:\xef\xbb\xbf)?#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*)?"
    rb"(?:(?:npx|bunx|pnpm[ \t]+(?:dlx|exec)|yarn[ \t]+(?:dlx|run)|npm[ \t]+exec)[ \t]+(?:-\S+[ \t]+)*)?(?:\S*/)?("
    + b"|".join(re.escape(name) for name in _BY_INTERPRETER)
    + rb")[\d.]*(?:\s|$)"
)


def _claims() -> dict[str, tuple[LanguageFacts, ...]]:
    """Suffix to the languages that claim it, those that look inside first."""
    found: defaultdict[str, list[LanguageFacts]] = defaultdict(list)
    for facts in FACTS.values():
        for suffix in facts.suffixes:
            found[suffix].append(facts)
    return {
        suffix: tuple(sorted(claims, key=lambda facts: suffix not in facts.checked)) for suffix, claims in found.items()
    }


_BY_SUFFIX = _claims()


def editor_language(language: str) -> str:
    """Return the id that editors and highlighters have for a language id; the same where it is none of ours."""
    return FACTS[language].editor_ids[0] if language in FACTS else language


def language_of(path: str, head: bytes = b"") -> str | None:
    """Detect a file's language.

    Args:
        path: Its path; only the last part counts.
        head: Its first ``head_bytes(path)`` bytes.

    Returns:
        A language id, or None where definitions are not looked for.
    """
    name, suffix = _name_and_suffix(path)
    if suffix == NOTEBOOK_SUFFIX:
        return canonical_language(kernel_language(head))
    claims = _BY_SUFFIX.get(suffix)
    if claims is not None:
        for facts in claims:
            if name.endswith(facts.foreign_endings):
                continue
            if suffix not in facts.checked or SPECS[facts.id].files.checks[suffix](head):
                return facts.id
        return None
    if name in _BY_NAME:
        return _BY_NAME[name]
    match = None if suffix else _SHEBANG.match(head)
    return _BY_INTERPRETER[match[1]] if match else None


def languages_named(path: str) -> tuple[str, ...]:
    """Return the ids of the languages that a file may be in by its name alone: of headers that is more than one."""
    name, suffix = _name_and_suffix(path)
    claims = _BY_SUFFIX.get(suffix)
    if claims is not None:
        return tuple(facts.id for facts in claims if not name.endswith(facts.foreign_endings))
    return (_BY_NAME[name],) if name in _BY_NAME else ()


def language_of_text(path: str, text: str) -> str | None:
    """Detect the language of a file whose text is known already, as :func:`language_of`."""
    return language_of(path, text[: head_bytes(path)].encode("utf-8", "replace"))


def head_bytes(path: str) -> int:
    """How many of a file's first bytes :func:`language_of` has to see; 0 where the name alone decides."""
    name, suffix = _name_and_suffix(path)
    if suffix == NOTEBOOK_SUFFIX:  # what names the language stands at the end
        return HEAD_BYTES * NOTEBOOK_TIMES
    claims = _BY_SUFFIX.get(suffix)
    if claims is not None:
        return HEAD_BYTES if any(suffix in facts.checked for facts in claims) else 0
    return 0 if suffix or name in _BY_NAME else _FIRST_LINE_BYTES


def canonical_language(name: str) -> str | None:
    """The language id for an id or a usual other name (``py``, ``C++``, ``golang``); None where unknown."""
    lowered = name.strip().lower().removeprefix(".")
    return lowered if lowered in FACTS else _ALIASES.get(lowered)


def source_suffixes() -> frozenset[str]:
    """Suffixes of source files of every language, lower case, with their dot."""
    return frozenset({*_BY_SUFFIX, NOTEBOOK_SUFFIX})


def declares_encoding(language: str) -> bool:
    """Whether files of a language may name their encoding in a comment of the first two lines."""
    return language in FACTS and FACTS[language].encoding_comment


def _name_and_suffix(path: str) -> tuple[str, str]:
    """Last part of a path and its suffix, lower case."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    return name, posixpath.splitext(name)[1]
