"""Token ids of texts, as the library itself would cut them."""

from __future__ import annotations

import threading

import pytest

from cascode_models.load import load_model


@pytest.mark.parametrize("most", [4, 16, 64])
def test_texts_are_cut_as_the_library_cuts_them(most: int) -> None:
    """First and last special token stay; short texts stay whole."""
    tokenizer = load_model(None).tokenizer
    texts = ["", "a", "retry the failed upload " * 40]
    ours = tokenizer.ids(texts, most)
    tokenizer._tokenizer.enable_truncation(most)
    assert ours == [encoding.ids for encoding in tokenizer._tokenizer.encode_batch(texts)]


def test_two_threads_cut_at_their_own_length() -> None:
    """A query that is cut short does not cut the functions that another thread encodes."""
    tokenizer = load_model(None).tokenizer
    text = ["retry the failed upload " * 40]
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            tokenizer.ids(text, 8)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert {len(tokenizer.ids(text, 64)[0]) for _ in range(300)} == {64}
    finally:
        stop.set()
        asking.join()
