"""Which commits can be questions at all, by author, words and files: what is cheap to check comes first."""

from __future__ import annotations

from dataclasses import dataclass

from cascode_lab.corpus.query_text import is_english
from cascode_lab.history.housekeeping import housekeeping_rule, is_bot
from cascode_lab.history.message import MAX_WORDS, MIN_WORDS, clean_subject, words_of
from cascode_lab.history.paths import is_source
from cascode_lab.history.types import Commit, FileChange

#: Source files that a question's commit may change (training notes: one or two).
MOST_SOURCE_FILES = 2
#: Files of any sort; a commit to more of them is a sweep, whatever its subject says.
MOST_FILES = 25
#: Least share of letters among the characters of English words; the rest is code, paths and numbers.
MIN_LETTER_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit whose words and files allow a question."""

    commit: Commit
    query: str
    files: tuple[FileChange, ...]


def candidate(commit: Commit) -> Candidate | str:
    """Judge a commit by what the log says of it.

    Args:
        commit: A commit that is not a merge.

    Returns:
        The candidate, or the name of the rule by which the commit gives no question.
    """
    if len(commit.parents) != 1:
        return "first commit" if not commit.parents else "merge"
    if is_bot(commit.author, commit.email):
        return "bot"
    query = clean_subject(commit.subject)
    reason = housekeeping_rule(commit.subject, query) or _poor_words(query)
    if reason:
        return reason
    if len(commit.changes) > MOST_FILES:
        return "too many files"
    sources = tuple(change for change in commit.changes if is_source(change.path))
    if not sources:
        return "no source file"
    if any(change.status == "D" for change in sources):
        return "moves or deletes a file"
    if any(change.status == "A" for change in sources):
        # What was asked for is the new file, and no answer before the commit.
        return "adds a file"
    if len(sources) > MOST_SOURCE_FILES:
        return "too many source files"
    if any(not _is_text(change.path) for change in sources):
        return "path not UTF-8"
    return Candidate(commit, query, sources)


def _poor_words(query: str) -> str | None:
    """Why a cleaned subject is not a question in plain English."""
    words = words_of(query)
    if len(words) < MIN_WORDS:
        return "too few words"
    if len(words) > MAX_WORDS:
        return "too many words"
    packed = query.replace(" ", "")
    if not is_english(query) or sum(map(str.isalpha, packed)) < MIN_LETTER_SHARE * len(packed):
        return "not English prose"
    return None


def _is_text(path: str) -> bool:
    """Whether a path is UTF-8: another one could not be written down."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
