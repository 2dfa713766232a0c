"""The repositories that packages name."""

from __future__ import annotations

import json

from cascode_lab.corpus.archives import Member
from cascode_lab.corpus.metadata import repositories_of


def test_wheel_names_its_repository_in_any_url_field() -> None:
    """Home page and project URLs count."""
    text = "Name: a\nHome-page: https://a.example.org\nProject-URL: Source, https://github.com/Own/A\n"
    assert repositories_of([Member("a-1.dist-info/METADATA", text.encode())]) == ["own/a"]


def test_npm_package_names_its_repository_in_full_or_short() -> None:
    """An object, an address and the short form are understood, vendored packages are not asked."""
    full = json.dumps({"repository": {"url": "git+https://github.com/own/a.git"}})
    short = json.dumps({"repository": "own/b"})
    assert repositories_of([Member("package/package.json", full.encode())]) == ["own/a"]
    assert repositories_of([Member("package/package.json", short.encode())]) == ["own/b"]
    assert repositories_of([Member("package/node_modules/b/package.json", short.encode())]) == []
    assert repositories_of([Member("package/package.json", b"{")]) == []


def test_debian_control_names_upstream_and_not_the_packaging() -> None:
    """The packaging's own repository is no match."""
    text = "Package: a\nHomepage: https://github.com/own/a\nVcs-Git: https://salsa.debian.org/github.com/x/y.git\n"
    assert repositories_of([Member("control", text.encode())]) == ["own/a"]
