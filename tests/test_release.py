"""What is published: its version, the workflows' verbs, the entries for other people's lists."""

from __future__ import annotations

import importlib
import json
import os
import re
import runpy
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
VERSION: dict[str, Any] = runpy.run_path(str(ROOT / "scripts/project_version.py"))


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (None, "0.1.0"),
        ("v1.2.3-0-gabc1234", "1.2.3"),
        ("v1.2.3-14-gabc1234", "1.2.4.dev14"),
        ("version-of-somebody-else-3-gabc1234", "0.1.0"),
    ],
)
def test_the_version_comes_from_tags(described: str | None, expected: str) -> None:
    """A tag is a version; what follows it sorts before the next one."""
    assert VERSION["_of_tags"](described) == expected


def test_a_version_has_its_notes() -> None:
    """The changelog begins with what is not released yet, or with the version of the extension."""
    version = json.loads((ROOT / "vscode-extension/package.json").read_text(encoding="utf-8"))["version"]
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None
    assert first[1] == version


def test_entries_name_one_version_and_one_repository() -> None:
    """Files that are handed in to other lists agree with each other and with the extension."""
    package = json.loads((ROOT / "vscode-extension/package.json").read_text(encoding="utf-8"))
    repository = package["repository"]["url"].removesuffix(".git")
    files = [path for path in (ROOT / "packaging").rglob("*.*") if path.suffix != ".md"]
    assert len(files) == 7
    for path in files:
        text = path.read_text(encoding="utf-8")
        versions = set(re.findall(r"\b\d+\.\d+\.\d+\b", re.sub(r"(?i)manifest.*", "", text)))
        assert versions <= {package["version"]}, path
        assert repository in text or "Identifier: CasCode.CasCode" in text, path
    assert json.loads((ROOT / "packaging/mcp-registry/server.json").read_text(encoding="utf-8"))["packages"]
    assert yaml.safe_load((ROOT / "packaging/mason/package.yaml").read_text(encoding="utf-8"))["name"] == "cascode"


def registry() -> dict[str, Any]:
    """Return what the registry of MCP servers gets."""
    entry: dict[str, Any] = json.loads((ROOT / "packaging/mcp-registry/server.json").read_text(encoding="utf-8"))
    return entry


def test_the_registry_finds_its_name_in_the_description() -> None:
    """It takes a server only where the package's description on PyPI names it, and this README is that description."""
    assert f"<!-- mcp-name: {registry()['name']} -->" in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(registry()["description"]) <= 100, "the registry takes no more"


def test_the_registry_starts_the_server() -> None:
    """Clients put the package between its runtime's arguments and its own."""
    (package,) = registry()["packages"]
    before = [text for part in package["runtimeArguments"] for text in (part["name"], part["value"])]
    named = f"{package['identifier']}@{package['version']}"
    command = [package["runtimeHint"], *before, named, *(part["value"] for part in package["packageArguments"])]
    version = package["version"]
    # With `--from`, uvx would look for a program of the name cascode@VERSION.
    assert command == ["uvx", "--with", f"cascode[mcp]=={version}", f"cascode@{version}", "mcp"]


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script that builds what is published."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("release")


def description() -> str:
    """Return what the build makes of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hook = settings["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    assert [fragment["path"] for fragment in hook["fragments"]] == ["README.md"]
    for substitution in hook["substitutions"]:
        text = re.sub(substitution["pattern"], substitution["replacement"], text)
    return text


def test_the_description_on_pypi_leads_somewhere(release: Any) -> None:
    """Nothing lies beside it there: every picture and link is absolute, and is a file of the repository."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"docs/pictures/palette.webp", "docs/pictures/terminal.svg", "LICENSE"} <= set(
        release.relative_targets(readme)
    )
    assert release.relative_targets(description()) == []
    places = re.findall(
        r"https://(raw\.githubusercontent|github)\.com/cascode-search/cascode/(?:blob/)?main/([^)\"\s#]+)",
        description(),
    )
    assert len(places) == len(release.relative_targets(readme))
    for host, path in places:
        assert (ROOT / path).is_file(), path
        assert (host == "github") == path.endswith((".md", "LICENSE")), (
            "a page shows no picture, and a picture is no page"
        )


def wheel(folder: Path, description: str, texts: tuple[str, ...]) -> Path:
    """Write as much of a wheel as is looked at."""
    path = folder / "cascode-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cascode-1.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: cascode\n\n{description}")
        for text in texts:
            archive.writestr(f"cascode-1.0.dist-info/licenses/{text}", "")
    return path


@pytest.mark.parametrize(
    ("described", "texts", "said"),
    [
        ("[a](docs/a.md)", ("LICENSE", "NOTICE"), "no mcp-name"),
        ("<!-- mcp-name: x -->\n[a](docs/a.md)", ("LICENSE", "NOTICE"), "leads nowhere on PyPI: docs/a.md"),
        ("<!-- mcp-name: x -->", ("LICENSE",), "has no NOTICE"),
    ],
)
def test_a_wheel_that_lacks_something_is_not_released(
    release: Any, tmp_path: Path, described: str, texts: tuple[str, ...], said: str
) -> None:
    """What is on PyPI can no longer be changed."""
    with pytest.raises(SystemExit, match=re.escape(said)):
        release.check_contents(wheel(tmp_path, described, texts))


def test_a_whole_wheel_is_released(release: Any, tmp_path: Path) -> None:
    """The description that the build makes passes."""
    release.check_contents(wheel(tmp_path, description(), ("LICENSE", "NOTICE")))


def test_a_tag_publishes_no_notes_that_are_called_unreleased(release: Any, tmp_path: Path) -> None:
    """Without a tag they do: what will be released is built on the way."""
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## 1.1.0 (unreleased)\n\nNew.\n\n## 1.0.0\n\nOld.\n")
    assert release.notes("1.1.0.dev3", tagged=False, changelog=changelog) == "New.\n"
    assert release.notes("1.0.0", tagged=True, changelog=changelog) == "Old.\n"
    with pytest.raises(SystemExit, match=r"no section for 1\.1\.0 that is not \(unreleased\)"):
        release.notes("1.1.0", tagged=True, changelog=changelog)


def test_a_release_takes_the_extensions_that_it_made(
    release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of an earlier version lies in the same folder."""
    folder = tmp_path / "vscode-extension"
    (folder / "build").mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "0.2.0"}')
    for name in ("cascode-0.1.0.vsix", "cascode-0.2.0.vsix", "build/cascode-0.2.0-without-server.vsix"):
        (folder / name).touch()
    output = tmp_path / "release"
    output.mkdir()
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.setattr(release, "OUTPUT", output)
    monkeypatch.setattr(release, "run", lambda *_command, **_options: (output / "plain.vsix").touch())
    release.build_extension(tmp_path / "cascode.whl")
    assert {path.name for path in output.iterdir()} == {"cascode-0.2.0.vsix", "cascode-0.2.0-without-server.vsix"}


def test_compiled_libraries_have_an_upper_bound() -> None:
    """An installation takes the newest that fits; another major version of these may compute or read otherwise."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    compiled = [
        line for line in settings["project"]["dependencies"] if re.match(r"tree-sitter|faiss|numpy|openvino", line)
    ]
    assert len(compiled) > 20
    assert [line for line in compiled if "<" not in line] == []


def test_every_package_of_the_wheel_is_typed() -> None:
    """Type checkers pass over a package without the mark."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert [package for package in packages if not (ROOT / package / "py.typed").is_file()] == []


def test_a_single_range_of_pythons_is_named() -> None:
    """The newest that is tried is the same for the release, the classifiers, the extension and the texts."""
    places = {
        "scripts/release.py": r'"(3\.\d+)"\)\n',
        "pyproject.toml": r'Python :: (3\.\d+)",\n  "Topic',
        "README.md": r"3\.10 to (3\.\d+) are tried",
        "vscode-extension/src/server/interpreters.ts": r'SUPPORTED = "3\.10 to (3\.\d+)"',
        "vscode-extension/README.md": r"Python 3\.10 to (3\.\d+)",
        "vscode-extension/media/walkthrough/server.md": r"Python 3\.10 to (3\.\d+)",
        ".github/workflows/ci.yml": r'"3\.10", "(3\.\d+)"\]',
    }
    newest = {path: re.findall(form, (ROOT / path).read_text(encoding="utf-8")) for path, form in places.items()}
    (expected,) = newest["pyproject.toml"]
    assert newest == {path: [expected] for path in places}


def test_workflows_call_verbs_and_scripts_that_exist() -> None:
    """What runs elsewhere is what a person can run."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    workflows = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / ".github/workflows").glob("*.yml"))
    for verb in re.findall(r"\bmake ([a-z-]+)", workflows):
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb
    for script in re.findall(r"\b(?:python )(scripts/\S+)", workflows):
        assert (ROOT / script).is_file(), script


def test_a_tag_is_tested_before_it_publishes() -> None:
    """Nothing that is published can be taken back, and every job that publishes waits for the build."""
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    assert jobs["tests"]["uses"] == "./.github/workflows/ci.yml"
    # YAML's `on` is true.
    assert "workflow_call" in yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))[True]

    def before(name: str) -> set[str]:
        needs = jobs[name].get("needs", [])
        direct = [needs] if isinstance(needs, str) else needs
        return {*direct, *(earlier for job in direct for earlier in before(job))}

    assert before("build") == {"tests"}
    for name in jobs.keys() - {"tests", "build"}:
        assert {"tests", "build"} <= before(name), name


def test_what_publishes_is_pinned() -> None:
    """An action by its commit, a program by its version or the lock file: a tag may be moved, and `latest` does."""
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    for used in re.findall(r"uses: (\S.*)", text):
        assert used.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", used), used
    for options in re.findall(r"\bnpx (.*)", text):
        assert re.match(r"--no-install |--yes [\w@/-]+@\d+\.\d+\.\d+ ", options), options
    assert "latest/" not in text
    assert text.count("curl ") == text.count("sha256sum --check")


def test_every_page_of_the_docs_is_in_the_navigation() -> None:
    """A page that nobody is led to is not read."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert {path.name for path in (ROOT / "docs").glob("*.md") if path.name not in navigation} == set()


def test_the_readme_is_short() -> None:
    """It is the first page, and the rest is in docs/."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.skipif(os.name == "nt", reason="the program that leads nowhere is a shell script")
def test_a_python_that_does_not_start_is_passed_over(
    release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version manager's name for a Python that is not switched on ends no release."""
    for name, program in (("python3.10", "exit 127"), ("python3.12", f'exec "{sys.executable}" "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert release.interpreters() == [str(tmp_path / "python3.12")]
    (tmp_path / "python3.12").unlink()
    assert release.interpreters() == [sys.executable]
