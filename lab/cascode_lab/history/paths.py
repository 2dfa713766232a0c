"""Which files of a commit count: source a person would be shown, no tests, examples, documentation or build files."""

from __future__ import annotations

import re

from cascode_indexer.extract import language_of
from cascode_lab.corpus.code_filters import path_rejected

_BESIDE = re.compile(
    r"(?:^|/)(?:examples?|samples?|demos?|docs?|documentation|website|site|www|tutorials?|benchmarks?|benches|bench|perf"
    r"|fuzz\w*|scripts?|ci|build|dist|cmake|\.[\w-]+)/"
    # Projects of .NET: Polly.Specs, Polly.SharedSpecs, NUnit.TestUtilities.
    r"|(?-i:(?:^|/)(?:[\w.-]*[\w.])?(?:Tests?|Specs?|TestUtil\w*|TestHelpers?|TestData|TestBase|Mocks?|Benchmarks?)(?:\.[\w.]+)?/.*\.cs$)"
    r"|(?:^|/)(?:setup|noxfile|conf|conftest|fabfile|tasks|build|versioneer|_?version)\.(?:py|rs)$"
    r"|(?:^|/)(?:rakefile|gemfile|guardfile|gulpfile|gruntfile|jakefile|vagrantfile)(?:\.\w+)?$|\.(?:gemspec|podspec|rake|ru)$"
    r"|(?:^|/)(?:webpack|rollup|babel|karma|jest|vite|vitest|tsup|eslint|prettier|\.eslintrc|commitlint|release)[\w.-]*\.[cm]?[jt]s$"
    r"|\.config\.[cm]?[jt]s$|(?:^|/)version\.\w+$|(?:^|/)[\w.-]*(?:example|demo|benchmark)s?\.\w+$",
    re.IGNORECASE,
)


def is_source(path: str) -> bool:
    """Tell whether definitions of a file can be answers, by its path alone."""
    # What decides between C and C++ or needs a shebang is not known here; any language will do.
    return language_of(path, b"<?php") is not None and path_rejected(path) is None and not _BESIDE.search(path)
