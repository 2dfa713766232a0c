"""Copies of functions."""

from __future__ import annotations

from cascode_lab.corpus.duplicates import NearDuplicates, query_key

BODY = "\n".join(f"    value_{i} = transform(source[{i}], scale={i}, offset=base + {i})" for i in range(30))


def test_layout_and_comments_do_not_hide_an_exact_copy() -> None:
    """A copy with other indentation and comments counts as exact."""
    seen = NearDuplicates()
    assert seen.add("def f(a):\n    b = a + 1\n    return b\n") is None
    assert seen.add("  def f(a):\n      # one more\n      b = a + 1\n\n      return b\n") == "exact duplicate"


def test_a_small_edit_does_not_hide_a_copy() -> None:
    """A long function with one line changed counts as near."""
    seen = NearDuplicates()
    assert seen.add(f"def load(source, base):\n{BODY}\n") is None
    assert seen.add(f"def load(source, base):\n{BODY}\n    log.info('done')\n") == "near duplicate"


def test_different_functions_are_all_kept() -> None:
    """Functions of one shape and other content are no copies."""
    seen = NearDuplicates()
    verbs = ("open", "close", "send", "parse", "render", "merge", "split", "count")
    kept = [
        seen.add(f"def {verb}(self, {verb}_a):\n    x = {verb}er({verb}_a)\n    if x.ed:\n        return {verb}s")
        for verb in verbs
    ]
    assert kept == [None] * len(verbs)


def test_queries_are_compared_by_their_words() -> None:
    """Case and punctuation do not make another query."""
    assert query_key("Return the name.") == query_key("return  the NAME")
