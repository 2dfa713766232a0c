"""Names of the files that mining writes."""

from __future__ import annotations

import pytest

from cascode_lab.history.output import file_name, repository_of


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("own/doors", "own__doors"),
        ("own/doors_2", "own__doors_2"),
        ("own/py__doors", "own__py__doors"),
        ("own-it/.doors", "own-it__.doors"),
        ("own_it/doors", "own_it__doors"),
        ("doors", "doors"),
    ],
)
def test_a_file_says_which_repository_it_is_of(repository: str, name: str) -> None:
    """Earlier runs are found by the names of their files."""
    assert file_name(repository) == name
    assert repository_of(name) == repository
