"""Which files of a commit count: source a person would be shown, no tests, examples, documentation or build files."""

from __future__ import annotations

import re

from cascode_indexer.extract import is_example_path, language_of
from cascode_lab.corpus.code_filters import path_rejected

# What the head of a file decides, C or C++ or PHP at all, is known when the file is read.
_ANY_HEAD = b"<?php"
# Beside what every search demotes as tests and examples: what serves building, checking and publishing.
_BESIDE = re.compile(
    r"(?:^|/)(?:website|site|www|benches|bench|perf|fuzz\w*|scripts?|ci|build|dist|cmake|\.[\w-]+)/"
    # test_lib_json/, Polly.SharedSpecs/
    r"|(?:^|/)tests?[_-][\w-]+/|(?-i:(?:^|/)[\w.]*[a-z](?:Tests|Specs)/)"
    r"|^(?:noxfile|conf|fabfile|tasks|build|versioneer)\.py$|(?:^|/)(?:build\.rs|_version\.py)$"
    r"|(?:^|/)(?:rakefile|gemfile|guardfile|gulpfile|gruntfile|jakefile|vagrantfile)(?:\.\w+)?$"
    r"|\.(?:gemspec|podspec|rake|ru)$|\.config\.[cm]?[jt]s$|(?:^|/)version\.\w+$"
    r"|(?:^|/)(?:webpack|rollup|babel|karma|jest|vite|vitest|tsup|\.?eslint|prettier|commitlint|release)[\w.-]*\.[cm]?[jt]s$"
    r"|(?:^|/)[\w.-]*(?:example|demo|benchmark)s?\.\w+$",
    re.IGNORECASE,
)


def is_source(path: str) -> bool:
    """Return whether definitions of a file can be answers, by its path alone."""
    if language_of(path, _ANY_HEAD) is None or path_rejected(path) is not None:
        return False
    return not is_example_path(path) and not _BESIDE.search(path)
