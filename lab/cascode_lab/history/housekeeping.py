"""Commits that ask for no definition: each kind is a rule with a name, the first that matches decides."""

from __future__ import annotations

import re

from cascode_lab.history.housekeeping_rules import RULES, WORDS
from cascode_lab.history.message import commit_type

#: Conventional types (Conventional Commits 1.0.0, Angular, ESLint) that say all by themselves.
_TYPES = {
    "doc": "documentation",
    "docs": "documentation",
    "style": "formatting",
    "lint": "formatting",
    "test": "tests",
    "tests": "tests",
    "chore": "housekeeping",
    "misc": "housekeeping",
    "minor": "housekeeping",
    "wip": "housekeeping",
    "build": "build or CI",
    "ci": "build or CI",
    "deps": "dependencies",
    "upgrade": "dependencies",
    "release": "version or release",
    "revert": "revert",
}
_BOT = re.compile(
    r"\[bot\]|dependabot|renovate|greenkeeper|snyk|weblate|crowdin|transifex|github-actions|pre-commit-ci"
    r"|allcontributors|semantic-release|imgbot|codecov|deepsource|restyled|(?:^|[\s._-])bot(?:$|[\s._@-])|\bautomation\b",
    re.IGNORECASE,
)


def is_bot(author: str, email: str) -> bool:
    """Return whether a commit was made by a program."""
    return bool(_BOT.search(author) or _BOT.search(email.partition("@")[0]))


def housekeeping_rule(subject: str, query: str) -> str | None:
    """Name the rule by which a subject is not a question.

    Args:
        subject: First line of the message as it stands.
        query: The same, cleaned.

    Returns:
        The rule's name, or None.
    """
    by_type = _TYPES.get(commit_type(subject))
    if by_type:
        return by_type
    return next((name for name, pattern in _PATTERNS.items() if pattern.search(query)), None)


def _compile(alternatives: str) -> re.Pattern[str]:
    """One pattern out of a rule's lines."""
    patterns = []
    for line in filter(None, map(str.strip, alternatives.splitlines())):
        expanded = re.sub(r"<([a-z -]+)>", lambda match: f"(?:{'|'.join(WORDS[match[1]].split())})", line)
        patterns.append(expanded.replace(" ", r"\s+").replace("_", r"[\s-]?"))
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


_PATTERNS = {name: _compile(alternatives) for name, alternatives in RULES.items()}
