"""Folders that are left out of every workspace without being asked, and why.

Names that stand for one thing only are left out wherever they are met below the root. Names that are also
ordinary package names (``build``, ``dist``, ``vendor``...) need evidence: a file beside the folder or inside
it that proves what it is. A virtual environment and a cache are known by their marker files, whatever their
name. ``.cascodeignore`` takes any of them back in (``!vendor/``).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection
from dataclasses import dataclass

#: Version control's own data: never walked, and no ``!`` line takes it in.
REPOSITORY_FOLDERS = frozenset({".git", ".hg", ".svn", ".bzr", "CVS", "_darcs", ".jj", ".sl", ".pijul"})

#: Dot-folders that people write code in. Every other one holds the state of a tool.
KEPT_DOT_FOLDERS = frozenset({".github", ".gitlab", ".circleci", ".buildkite", ".storybook", ".vitepress"})

#: Names that stand for one thing only, with the reason.
FOLDER_NAMES: dict[str, str] = {
    "node_modules": "npm packages",
    "bower_components": "Bower packages",
    "jspm_packages": "jspm packages",
    "web_modules": "Snowpack packages",
    "site-packages": "installed Python packages",
    "dist-packages": "installed Python packages (Debian)",
    "__pypackages__": "installed Python packages (PEP 582)",
    "__pycache__": "compiled Python",
    "_vendor": "vendored Python packages",
    "_vendored_packages": "vendored Python packages",
    "third_party": "code of others",
    "third-party": "code of others",
    "thirdparty": "code of others",
    "3rdparty": "code of others",
    "3rd_party": "code of others",
    "Godeps": "vendored Go packages",
    "Pods": "CocoaPods packages",
    "Carthage": "Carthage packages",
    "DerivedData": "Xcode build output",
    "htmlcov": "coverage report",
    "lcov-report": "coverage report",
    "cmake-build-debug": "CMake build output",
    "cmake-build-release": "CMake build output",
    "CMakeFiles": "CMake build state",
    "dist-newstyle": "Cabal build output",
    "zig-cache": "Zig build output",
    "zig-out": "Zig build output",
    "bazel-bin": "Bazel output",
    "bazel-out": "Bazel output",
    "bazel-testlogs": "Bazel output",
}

#: File or folder whose presence shows what the folder around it is, with the reason.
FOLDER_MARKERS: dict[str, str] = {
    "pyvenv.cfg": "Python virtual environment",
    "conda-meta": "conda environment",
    "CACHEDIR.TAG": "cache (bford.info/cachedir)",
    "CMakeCache.txt": "CMake build output",
}


@dataclass(frozen=True, slots=True)
class AmbiguousFolder:
    """A name that is an output or a copy only where something proves it."""

    #: Why it is left out then.
    reason: str
    #: Globs; one of them beside the folder proves it.
    beside: tuple[str, ...] = ()
    #: Globs; one of them inside the folder proves it.
    inside: tuple[str, ...] = ()
    #: Names of the folder around it that prove it.
    within: frozenset[str] = frozenset()
    #: Globs; unless one of these is beside the folder too, it may be all the source there is.
    needs_beside: tuple[str, ...] = ()
    #: Globs; one of them inside makes it source after all.
    unless_inside: tuple[str, ...] = ("__init__.py",)


_PROJECT_FILES = (
    ".git", "go.mod", "composer.json", "Gemfile", "Rakefile", "package.json", "Cargo.toml", "pyproject.toml",
    "setup.py", "CMakeLists.txt", "Makefile", "makefile", "configure", "configure.ac", "meson.build",
)  # fmt: skip
_DOTNET_PROJECTS = ("*.csproj", "*.fsproj", "*.vbproj", "*.sln", "*.slnx")

AMBIGUOUS_FOLDERS: dict[str, AmbiguousFolder] = {
    # A Java package or a Django app may be called vendor: only one at the top of a project, or among
    # a site's assets, or one with a manager's list in it, is a copy of other people's code.
    "vendor": AmbiguousFolder(
        "code of others",
        beside=_PROJECT_FILES,
        inside=("modules.txt", "autoload.php", "bundle"),
        within=frozenset({"assets", "css", "javascripts", "js", "lib", "media", "public", "src", "static", "www"}),
        # A feature of a web application, by its conventions: vendor.service.ts, vendor-list.component.ts.
        unless_inside=("__init__.py", "vendor.*.ts", "vendor-*.ts", "vendors.*.ts"),
    ),
    # setuptools, Gradle and create-react-app write build/; many webpack set-ups keep source there.
    "build": AmbiguousFolder(
        "build output",
        beside=("build.gradle", "build.gradle.kts"),
        inside=("lib", "lib.*", "bdist.*", "temp.*", "asset-manifest.json", "CMakeCache.txt", "build.ninja"),
    ),
    # An installed npm package is often nothing but dist/: left out only beside the source it was made from.
    "dist": AmbiguousFolder(
        "build output",
        beside=("package.json", "setup.py", "pyproject.toml"),
        needs_beside=(
            "src",
            "source",
            "sources",
            "lib",
            "app",
            "packages",
            "tsconfig.json",
            "setup.py",
            "pyproject.toml",
        ),
    ),
    "out": AmbiguousFolder("build output", beside=("tsconfig.json", "build.xml")),
    "target": AmbiguousFolder("build output", beside=("Cargo.toml", "pom.xml", "build.sbt")),
    "bin": AmbiguousFolder("build output", beside=_DOTNET_PROJECTS),
    "obj": AmbiguousFolder("build output", beside=_DOTNET_PROJECTS),
    "Debug": AmbiguousFolder("build output", beside=("*.vcxproj", *_DOTNET_PROJECTS)),
    "Release": AmbiguousFolder("build output", beside=("*.vcxproj", *_DOTNET_PROJECTS)),
    "packages": AmbiguousFolder("NuGet packages", beside=("packages.config",), inside=("repositories.config",)),
    "coverage": AmbiguousFolder("coverage report", inside=("lcov.info", "lcov-report", "coverage-final.json")),
    "_build": AmbiguousFolder(
        "build output",
        beside=("conf.py", "mix.exs", "rebar.config", "dune-project"),
        inside=("doctrees", "html", ".doctrees"),
    ),
    "elm-stuff": AmbiguousFolder("Elm packages", beside=("elm.json",)),
    "deps": AmbiguousFolder("Elixir packages", beside=("mix.exs",)),
}


def folder_reason_by_name(name: str) -> str | None:
    """Why a folder is left out for its name alone; None where the name proves nothing."""
    if name in REPOSITORY_FOLDERS:
        return "version control"
    if name.startswith(".") and name not in KEPT_DOT_FOLDERS:
        return "hidden folder of a tool"
    if name.endswith(".egg-info"):
        return "Python package metadata"
    return FOLDER_NAMES.get(name)


def folder_reason_by_marker(inside: Collection[str]) -> str | None:
    """Why a folder is left out for what lies directly in it; None where nothing there proves anything."""
    for marker, reason in FOLDER_MARKERS.items():
        if marker in inside:
            return reason
    return None


def folder_reason_by_place(
    name: str, around: str, beside: Collection[str], inside: Callable[[], Collection[str]]
) -> str | None:
    """Why a folder with an ambiguous name is left out.

    Args:
        name: The folder's name.
        around: Name of the folder it lies in.
        beside: Names next to it.
        inside: Lists the names in it; called only where the answer depends on them.

    Returns:
        The reason, None where nothing proves that it is anything but source.
    """
    rule = AMBIGUOUS_FOLDERS.get(name)
    if rule is None:
        return None
    if rule.needs_beside and not _any_matches(rule.needs_beside, beside):
        return None
    proven = around in rule.within or _any_matches(rule.beside, beside)
    if not proven and not rule.inside:
        return None
    content = inside()
    if not proven and not _any_matches(rule.inside, content):
        return None
    return None if _any_matches(rule.unless_inside, content) else rule.reason


def _any_matches(globs: tuple[str, ...], names: Collection[str]) -> bool:
    """Whether one of the names fits one of the globs."""
    return any(glob in names if "*" not in glob else any(fnmatch.filter(names, glob)) for glob in globs)
