"""What lies here goes before the team's: in the index and in open files, of the same repository and of no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.vector_cache import text_key
from cascode_indexer.team.types import TeamDefinition, TeamQuestion
from cascode_models.text import function_text
from cascode_models.types import FunctionSource
from fake_encoder import FakeModelHandle

pytestmark = pytest.mark.team

CODE = "def charge_card(card):\n    return card.charge()"
THEIRS = TeamDefinition(
    key=text_key(function_text(FunctionSource("charge_card", CODE, "", "python"))),
    repository="acme/api", revision="abc", path="services/pay/main.py", language="python", name="charge_card",
    qualified_name="charge_card", kind="function", signature="def charge_card(card):", doc="", start_line=1, end_line=2,
    name_line=1, name_column=4, code=CODE, similarity=0.9, origin="git.example.org/acme/api",
)  # fmt: skip
EDITED = "def charge_card(card):\n    return card.charge(twice=True)\n"
ELSEWHERE = "git.example.org/acme/other"


class Given:
    """A team's index that answers with what it is given."""

    label = "db.example.org/code"
    seconds = 20.0

    def __init__(self, *found: TeamDefinition) -> None:
        self.found = list(found)

    def vectors(self, fingerprint: str, keys: Sequence[bytes], *, with_states: bool) -> Any:
        """It has none."""
        return [], [], None

    def search(self, question: TeamQuestion) -> list[TeamDefinition]:
        """Return them."""
        return self.found

    def close(self) -> None:
        """Nothing is open."""


def clone(root: Path, origin: str | None, text: str | None, path: str = "services/pay/main.py") -> Path:
    """Write a working tree with one file."""
    (root / ".git").mkdir(parents=True)
    if origin is not None:
        (root / ".git" / "config").write_text(f'[remote "origin"]\n\turl = https://{origin}.git\n')
    (root / path).parent.mkdir(parents=True)
    if text is not None:
        (root / path).write_text(text)
    return root


def shown(root: Path | None, team: Given, typed: dict[Path, str] | None = None) -> set[str]:
    """The repositories of the hits."""
    with Engine([] if root is None else [root], model=FakeModelHandle(), team=team) as engine:  # type: ignore[arg-type]
        for path, text in (typed or {}).items():
            engine.set_overlay(path, text)
        engine.update()
        engine.warm_up()
        answer = engine.search(SearchRequest("charge a card", team=True))
        return {hit.repository or "here" for hit in answer.hits}


def test_a_place_of_another_repository_hides_nothing(tmp_path: Path) -> None:
    """``main`` of ``main.py`` is in every service: only that of the same repository is the same."""
    root = clone(tmp_path / "api", "git.example.org/acme/api", EDITED)
    assert shown(root, Given(THEIRS)) == {"here"}
    assert shown(root, Given(replace(THEIRS, repository="acme/other", origin=ELSEWHERE))) == {"here", "acme/other"}
    assert shown(root, Given(replace(THEIRS, origin=""))) == {"here", "acme/api"}


@pytest.mark.parametrize("origin", [ELSEWHERE, None])
def test_a_text_that_lies_here_hides_it_wherever_it_is_from(tmp_path: Path, origin: str | None) -> None:
    """A copy is a copy, of whatever repository."""
    root = clone(tmp_path / "api", origin, f"{CODE}\n", "elsewhere/copied.py")
    assert shown(root, Given(THEIRS)) == {"here"}
    assert shown(root, Given(replace(THEIRS, key=b"k" * 16))) == {"here", "acme/api"}


def test_a_workspace_may_be_a_part_of_a_repository(tmp_path: Path) -> None:
    """Its paths begin below those of the team's index."""
    root = clone(tmp_path / "api", "git.example.org/acme/api", EDITED)
    assert shown(root / "services" / "pay", Given(THEIRS)) == {"here"}
    assert shown(root / "services" / "pay", Given(replace(THEIRS, path="main.py"))) == {"here", "acme/api"}


@pytest.mark.parametrize(
    ("origin", "typed", "expected"),
    [
        (None, f"{CODE}\n", {"here"}),
        ("git.example.org/acme/api", EDITED, {"here"}),
        (ELSEWHERE, EDITED, {"here", "acme/api"}),
    ],
)
def test_what_was_typed_and_not_saved_lies_here_too(
    tmp_path: Path, origin: str | None, typed: str, expected: set[str]
) -> None:
    """In a workspace, and in an open file of a folder that is none."""
    root = clone(tmp_path / "api", origin, None)
    (root / "other.py").write_text("def peel_apple(knife):\n    return knife\n")
    file = root / "services" / "pay" / "main.py"
    assert shown(root, Given(THEIRS), {file: typed}) == expected
    assert shown(None, Given(THEIRS), {file: typed}) == expected
