"""Which files of a commit count."""

from __future__ import annotations

import pytest

from cascode_lab.history.paths import is_source


@pytest.mark.parametrize(
    "path",
    [
        "src/client.py",
        "lib/parse.h",
        "src/Polly/Retry/RetryEngine.cs",
        "lib/rspec/core/example_group.rb",
        "src/builder.cc",
        "googletest/src/gtest.cc",
        "src/NUnitFramework/framework/Internal/TestResult.cs",
        "assert/assertions.go",
        "lib/reporters/spec.js",
        "inc/template.inc",
        "shop/tasks.py",
    ],
)
def test_source_counts(path: str) -> None:
    """Whatever its language."""
    assert is_source(path)


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "tests/test_client.py",
        "client_test.go",
        "src/Polly.Specs/RetrySpecs.cs",
        "src/Polly.SharedSpecs/Helper.cs",
        "src/test_lib_json/main.cpp",
        "examples/simple/main.rs",
        "docs/conf.py",
        "benches/parse.rs",
        "scripts/release.py",
        ".github/actions/label.js",
        "third_party/zlib/inflate.c",
        "dist/client.js",
        "lib/client.min.js",
        "types/client.d.ts",
        "setup.py",
        "tasks.py",
        "crates/parse/build.rs",
        "Rakefile",
        "client.gemspec",
        "rollup.config.js",
        "src/version.rb",
    ],
)
def test_what_stands_beside_it_does_not(path: str) -> None:
    """Tests, examples, documentation, builds, what others wrote and what programs wrote."""
    assert not is_source(path)
