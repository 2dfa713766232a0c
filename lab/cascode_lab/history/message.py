"""From a commit message to a query: what tools and conventions put around the words comes off."""

from __future__ import annotations

import re

#: Shorter subjects say nothing ("Fix tests"), longer ones are several changes in a line (training notes: 4 to 25).
MIN_WORDS, MAX_WORDS = 4, 25
#: Characters of a subject that are read: 25 words are shorter, and rules with nested parts must not see a page.
MAX_SUBJECT_CHARACTERS = 300
#: Characters of a body that are kept: more than any encoder here reads, and a bound for pasted logs.
MAX_BODY_CHARACTERS = 4_000

# A tracker's key is upper case; UTF-8, SHA-256 and their like are words.
_KEY = (
    r"(?-i:\b(?!(?:UTF|UCS|SHA|ISO|MD|RFC|AES|RSA|DES|ES|EC|CVE|CWE|PEP|PSR|TLS|SSL|HTTP|IP|IPV|BASE|CRC|LZ|MP|WIN|GB|KOI|CP"
    r"|ECMA|JDK|JSR|IEEE|X|H|P)-)[A-Z][A-Z0-9]{1,15}-\d+)"
)
_ISSUE = rf"(?:#\d+|\bGH-\d+|{_KEY}|\b[\w.-]+/[\w.-]+#\d+)"
_ISSUES = rf"{_ISSUE}(?:\s*(?:,|and|&|\+|/)?\s*{_ISSUE})*"
_CLOSING = (
    r"(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|ref(?:s|erences)?|see(?:\s+also)?|relates?\s+to|part\s+of|re|cc|for|from|in"
    r"|of|per|via|by|after|since|issues?|bugs?|tickets?|pr|pull(?:\s+request)?|gh|cherry\s+picked\s+from)"
)

_TYPE = re.compile(
    r"^(?P<type>feat(?:ure)?|fix(?:es|ed)?|bug(?:fix)?|docs?|style|refactor(?:ing)?|perf|tests?|chore|build|ci|deps|revert"
    r"|release|improve(?:ment)?|enhance(?:ment)?|update|upgrade|new|breaking|hotfix|security|types?|lint|misc|minor|wip)"
    r"(?:\s*\((?P<scope>[^()]{0,60})\))?\s*!?:\s+",
    re.IGNORECASE,
)
_TAGS = re.compile(r"^(?:\s*\[[^\[\]]{1,40}\]\s*[:-]?)+\s*")
_EMOJI = re.compile(r"^(?:\s*(?::[a-z0-9_+-]+:|[\U0001F000-\U0001FAFF☀-➿⬀-⯿️‍]))+\s*")
_ISSUE_PREFIX = re.compile(
    rf"^(?:\W*(?:{_CLOSING}\s*:?\s*)*{_ISSUES}\W*?(?:\s*[:;,.]\s*|\s+(?:-+|[\u2013\u2014])\s+|\s+|$))+",
    re.IGNORECASE,
)
_BARE_ISSUE_PREFIX = re.compile(r"^\d{2,6}\s*[:-]\s+")
_IN_PARENTHESES = re.compile(
    rf"\s*[(\[](?:\s*(?:{_CLOSING}\s*:?\s*)*{_ISSUES}[\s,;.]*)+[^()\[\]]{{0,20}}[)\]]", re.IGNORECASE
)
_CI_MARK = re.compile(
    r"\s*[\[(*]+\s*(?:skip[ -](?:ci|travis|changelog|release|actions)|(?:ci|travis|changelog)[ -]skip"
    r"|no ?changelog|no ?ci|ci|wip|docs?|minor|major|patch)\s*[\])*]+",
    re.IGNORECASE,
)
_INLINE_ISSUE = re.compile(rf"[\s,;.:-]*(?:\b{_CLOSING}\s*:?\s*)*{_ISSUES}(?![\w/-])", re.IGNORECASE)
_THANKS = re.compile(
    r"[\s,;.-]*[(\[]?\b(?:(?:many\s+)?thanks|thx|h/?t|hat\s+tip|props|kudos|credit|reported|suggested|contributed|patch"
    r"|found|noticed|from|by)\b(?:\s+(?:to|by|from))?\s*:?\s*@[\w-]+(?:\s*(?:,|and|&)\s*@[\w-]+)*"
    r"[^()\[\]]{0,20}[)\]]?",
    re.IGNORECASE,
)
_MENTION = re.compile(r"\s*[(\[](?:\s*@[\w-]+[\s,&]*)+[)\]]\s*$")
_URL = re.compile(r"[\s(<\[]*\b(?:https?|ftp)://\S+|\bwww\.\S+", re.IGNORECASE)
_HASH = re.compile(r"[\s(,]*(?:\bin\s+|\bfrom\s+|\bcommit\s+)?\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b[)]?")
_WORD = re.compile(r"\S*[^\W\d_]\S*")

_TRAILER = re.compile(
    r"^\s*(?:[A-Z][\w-]*-(?:by|to|id|on|url|session|agent)|[A-Z]\w+ed by|Change-Id|PiperOrigin-RevId"
    r"|MOE_MIGRATED_REVID|Differential Revision|Reviewers?|Subscribers|Tags|Bug|Issue|Fix(?:es|ed)?|Close[sd]?"
    r"|Resolve[sd]?|Refs?|References|See(?: also)?|Related(?: to)?|PR|PR-URL|Cc|Link|Release Notes?|git-svn-id"
    r"|Conflicts|CLA|Test Plan)\s*:.*$",
    re.IGNORECASE,
)
# What a template of pull requests asks of its writers.
_TEMPLATE = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CLOSING_LINE = re.compile(rf"^\W*(?:{_CLOSING}\W*)*(?:{_ISSUES}|https?://\S+)\W*$", re.IGNORECASE)
_DROPPED_LINE = re.compile(
    r"^\W*(?:This reverts commit|\(?cherry[ -]picked from|git-svn-id:|Co-authored-by|Signed-off-by|Conflicts:"
    r"|Merge (?:pull request|branch|remote)|for more information, see|pre-commit\.ci|auto fixes from"
    r"|Generated with|Created by MOE"
    # Steps of a squashed branch that say nothing of the change.
    r"|(?:docs?|style|tests?|chore|ci|build|lint|wip)(?:\([^()]*\))?:|(?:isort|lint|typo|wip|update tests?)\s*$)"
    r"|^\s*-{3,}\s*$",
    re.IGNORECASE,
)


def commit_type(subject: str) -> str:
    """Return the conventional type that a subject begins with, lower case; empty where there is none."""
    match = _TYPE.match(_EMOJI.sub("", _TAGS.sub("", subject)))
    return match["type"].lower() if match else ""


def clean_subject(subject: str) -> str:
    """Return a subject as a person would ask it.

    Args:
        subject: First line of a commit's message.

    Returns:
        The words without conventional prefix, tags, issue numbers, mentions, URLs and markup.
    """
    text = subject.strip()[:MAX_SUBJECT_CHARACTERS]
    for _ in range(3):  # "[Foo] fix(bar): GH-12: ..." carries several prefixes, in any order
        before = text
        text = _EMOJI.sub("", text)
        text = _TAGS.sub("", text)
        text = _TYPE.sub("", text)
        text = _ISSUE_PREFIX.sub("", text)
        text = _BARE_ISSUE_PREFIX.sub("", text)
        if text == before:
            break
    text = _IN_PARENTHESES.sub("", text)
    text = _CI_MARK.sub("", text)
    text = _THANKS.sub("", text)
    text = _URL.sub("", text)
    text = _INLINE_ISSUE.sub("", text)
    text = _HASH.sub("", text)
    text = _MENTION.sub("", text)
    text = text.replace("``", "").replace("`", "").replace("**", "")
    text = re.sub(r"\(\s*\)|\[\s*\]", "", re.sub(r"\s+", " ", text)) if "()" not in text else re.sub(r"\s+", " ", text)
    return text.strip(" \t-\u2013\u2014:;,*").rstrip(".").strip()


def clean_body(message: str) -> str:
    """Return what follows the subject of a message, without trailers, closing lines and marks of tools."""
    rest = _TEMPLATE.sub("", message.partition("\n")[2])
    kept: list[str] = []
    for line in rest.splitlines():
        if _TRAILER.match(line) or _CLOSING_LINE.match(line) or _DROPPED_LINE.match(line):
            continue
        if line.strip() or (kept and kept[-1]):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()[:MAX_BODY_CHARACTERS].rstrip()


def words_of(query: str) -> list[str]:
    """Return the words of a query: what stands between blanks and holds a letter."""
    return _WORD.findall(query)
