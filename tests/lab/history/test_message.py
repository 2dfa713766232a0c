"""Words of commits: what comes off, and what is no question."""

from __future__ import annotations

import pytest

from cascode_lab.history.housekeeping import housekeeping_rule, is_bot
from cascode_lab.history.housekeeping_rules import RULES
from cascode_lab.history.message import clean_body, clean_subject


@pytest.mark.parametrize(
    ("subject", "query"),
    [
        ("feat(parser): accept trailing commas", "accept trailing commas"),
        ("fix!: close the socket", "close the socket"),
        ("Fix: close the socket (fixes #12, #13)", "close the socket"),
        (
            "[IO-856] ListFiles should not fail on vanishing files (#345)",
            "ListFiles should not fail on vanishing files",
        ),
        ("GH-12: close the socket.", "close the socket"),
        ("JIRA-7 - close the socket", "close the socket"),
        ("Fix #123 -- close the socket", "close the socket"),
        ("12345: close the socket", "close the socket"),
        (":bug: close the socket [skip ci]", "close the socket"),
        ("Close the socket, closes #12", "Close the socket"),
        ("Close the socket when it is idle. See #7", "Close the socket when it is idle"),
        ("Close the socket (thanks to @ada)", "Close the socket"),
        ("Close `Socket.peer` of own/repo#12", "Close Socket.peer"),
        ("Close the socket, see https://example.org/a?b", "Close the socket, see"),
        ("Decode utf-8 and UTF-16 by SHA-256", "Decode utf-8 and UTF-16 by SHA-256"),
        ("Support @media queries in a rule", "Support @media queries in a rule"),
        ("Call close() on exit", "Call close() on exit"),
        ("server: close the socket", "server: close the socket"),
        ("Answer: #12", "Answer"),
    ],
)
def test_conventions_come_off_the_subject(subject: str, query: str) -> None:
    """What is left is what a person would ask."""
    assert clean_subject(subject) == query


def test_trailers_come_off_the_body() -> None:
    """Prose stays, with its paragraphs and the issue numbers inside of it."""
    message = (
        "Close the socket\n\nServers hang otherwise, see #3 for one.\nSigned-off-by: A <a@b>\n\n\n\nCloses #12\n"
        "https://example.org/review/1\nCo-authored-by: B <b@c>\nOld clients do not mind.\n"
        "(cherry picked from commit 1234)\nReviewed by: C\nChange-Id: I12\nThis reverts commit 12.\ngit-svn-id: x\n"
        "* docs: say so\n* lint\nMerge pull request 7 from own/branch\n---\n<!-- Fill in\nthis -->\n"
    )
    assert clean_body(message) == "Servers hang otherwise, see #3 for one.\n\nOld clients do not mind."
    assert clean_body("Close the socket") == ""
    assert len(clean_body("a\n\n" + "word " * 2_000)) <= 4_000


DROPPED = {
    "merge": ["Merge branch 'main' into next", "Backport the fix of the parser", "Sync with upstream sources"],
    "revert": ["Revert the change of the parser", "Roll back the new parser", "Automated rollback of changelist 12"],
    "rename or move": ["Rename the parser of dates", "Move the parser of dates", "Extract method to parse dates"],
    "formatting": ["Fix whitespace in the parser", "Run clang-format on the parser", "Reformat code of the parser"],
    "typo": ["Fix typo in the error message", "Correct spelling of the parameter", "Improve wording of the error"],
    "documentation": ["Document how dates are parsed", "Update the README with dates", "Add docs for the parser"],
    "tests": ["Add a test for the parser", "Fix flaky tests of the parser", "Unit tests for parsing dates"],
    "version or release": ["Release version two of it", "Bump version to the next", "1.2.3 is out at last"],
    "dependencies": ["Bump lodash from 4.1 to 4.2", "Update dependencies of it", "Upgrade to the new parser library"],
    "build or CI": ["Fix build on other systems", "Run the parser on Travis", "Fix compiler warning in parser"],
    "housekeeping": ["Clean up the parser of dates", "Remove unused imports of it", "Address review comments on it"],
}  # fmt: skip
KEPT = [
    "Format dates as the locale has them",
    "Test whether a socket is alive before use",
    "Release the lock when the parser fails",
    "Ignore comments inside of a rule",
    "Report the version of the server in errors",
    "Cut the trailing slash off a path",
    "Avoid reading the file twice when it is cached",
    "Fix crash of the parser on empty input",
    "Build the tree of an expression lazily",
    "Merge headers of a request and its session",
    "Use the proxy of the environment for redirects",
    "Add an example value to each parameter that a schema lists",
]


@pytest.mark.parametrize(("rule", "subject"), [(rule, subject) for rule in DROPPED for subject in DROPPED[rule]])
def test_housekeeping_is_named_by_its_rule(rule: str, subject: str) -> None:
    """Each rule drops what its name says."""
    assert housekeeping_rule(subject, clean_subject(subject)) == rule


def test_every_rule_is_shown() -> None:
    """The examples above cover the table."""
    assert DROPPED.keys() == RULES.keys()


@pytest.mark.parametrize("subject", KEPT)
def test_work_on_the_program_is_kept(subject: str) -> None:
    """The words of the rules occur in questions too."""
    assert housekeeping_rule(subject, clean_subject(subject)) is None


@pytest.mark.parametrize(
    ("subject", "rule"),
    [
        ("docs: how the parser reads dates", "documentation"),
        ("chore(deps): take the newest parser", "housekeeping"),
        ("test: parse dates of all sorts", "tests"),
        ("perf: parse dates without copies", None),
    ],
)
def test_a_conventional_type_decides(subject: str, rule: str | None) -> None:
    """The prefix says what the words may not."""
    assert housekeeping_rule(subject, clean_subject(subject)) == rule


@pytest.mark.parametrize(
    ("author", "email", "bot"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", True),
        ("Renovate", "29139614+renovate@example.org", True),
        ("scala-steward-bot", "me@example.org", True),
        ("Abbot Talbot", "abbot@example.org", False),
        ("Ada", "ada@bot.example.org", False),
    ],
)
def test_programs_are_separated_from_people(author: str, email: str, bot: bool) -> None:
    """By name or by the address's own part."""
    assert is_bot(author, email) is bot
