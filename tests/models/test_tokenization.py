"""Token ids of texts, as the library that the vocabulary was made for would give and cut them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from cascode_models.errors import ModelError
from cascode_models.folder import bundled_folder, read_settings, read_tokenizer
from cascode_models.tokenization import LibraryTokenizer, TextTokenizer, WordPieceTokenizer
from cascode_models.wordpiece import read_wordpiece

FILE = bundled_folder() / "tokenizer.json"

TEXTS = [
    "",
    "a",
    'def retryFailed_upload(queue: \'Queue[int]\', *, n=0x1F) -> None:\n\t"""Send $what `failed`."""\n',
    "[MASK] is read as a token, [mask] is not: a[CLS]b [SEP][PAD]",
    "x" * 100,
    "x" * 101,
    "tab\tfeed\x0cnull\0 separators\x1c\x1d\x1e\x1f next\x85line\u2028end",
    "naïve Café, Ångström, e\u0301, ΑΣ σας, İstanbul, STRASSE straße",
    "zero\u200bwidth \ufeffmark \u00adhyphen private\ue000use \ufffdreplacement",
    "中文注释 mixed混合, かな カナ ㍿ 한국어, 𠀀𪜀",
    "“quotes” — dashes… § ¶ € ± \u2013 \xd7 ÷ ← ∀ ≠ ☃ 😀 👩‍💻 ½ ² ª",
    "retry the failed upload " * 40,
]


@pytest.fixture(scope="module")
def own() -> TextTokenizer:
    """The bundled tokenizer."""
    return read_tokenizer(bundled_folder(), read_settings(bundled_folder()))


def by_the_library(tmp_path: Path | None = None) -> LibraryTokenizer:
    """The bundled tokenizer, computed by the library."""
    return LibraryTokenizer(Tokenizer.from_file(str(FILE if tmp_path is None else tmp_path / "tokenizer.json")), 0)


@pytest.mark.parametrize("most", [1, 2, 3, 4, 16, 64, 1_000])
def test_ids_are_those_of_the_library(own: TextTokenizer, most: int) -> None:
    """Signs, control characters, accents, ideographs, long words and special tokens give the library's ids."""
    assert isinstance(own, WordPieceTokenizer)
    ours = own.ids(TEXTS, most)
    expected = by_the_library().ids(TEXTS, most)
    for text, mine, theirs in zip(TEXTS, ours, expected, strict=True):
        assert mine == theirs, text


@pytest.mark.parametrize(("first", "last"), [(0, 0x52F), (0x1E00, 0x20BD), (0x2190, 0x23FA), (0x3000, 0x33FF)])
def test_every_character_is_read_as_the_library_reads_it(own: TextTokenizer, first: int, last: int) -> None:
    """Letters, signs and spaces split, vanish or lose their accents as in the library, each inside and at an end."""
    texts = [form.format(chr(code)) for code in range(first, last + 1) for form in ("a{0}b {0}", "{0}c")]
    for text, mine, theirs in zip(texts, own.ids(texts, 64), by_the_library().ids(texts, 64), strict=True):
        assert mine == theirs, f"U+{ord(text[-2] if text.endswith('c') else text[-1]):04X}"


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("strip_accents", [None, True, False])
def test_case_and_accents_follow_the_file(tmp_path: Path, lowercase: bool, strip_accents: bool | None) -> None:
    """A cased vocabulary keeps case and accents, as the library does."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    content["normalizer"] |= {"lowercase": lowercase, "strip_accents": strip_accents}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    found = read_wordpiece(content)
    assert found is not None
    assert WordPieceTokenizer(*found, content, 0).ids(TEXTS, 64) == by_the_library(tmp_path).ids(TEXTS, 64)


def test_the_library_writes_the_same_file_and_text(own: TextTokenizer) -> None:
    """The fingerprint, which holds the file's content, is what it was; vocabulary and text are the library's."""
    library = by_the_library()
    assert own.to_json() == library.to_json()
    assert own.vocabulary() == library.vocabulary()
    ids = own.ids(["retry_upload(x), done."], 64)[0]
    assert own.text(ids) == library.text(ids) == "retry _ upload ( x ), done."


def changed(**parts: Any) -> dict[str, Any]:
    """The bundled tokenizer's content with other parts."""
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return {**content, **parts}


@pytest.mark.parametrize(
    "parts",
    [
        {"normalizer": {"type": "Lowercase"}},
        {"normalizer": None},
        {"pre_tokenizer": {"type": "Whitespace"}},
        {"post_processor": None},
        {"added_tokens": [{"id": 7, "content": "x", "special": True, "normalized": True, "single_word": False}]},
    ],
)
def test_other_kinds_are_left_to_the_library(parts: dict[str, Any]) -> None:
    """A file with a part that is not read here is not read at all, rather than nearly."""
    assert read_wordpiece(changed()) is not None
    assert read_wordpiece(changed(**parts)) is None


def test_two_threads_cut_at_their_own_length(own: TextTokenizer) -> None:
    """A query that is cut short does not cut the functions that another thread encodes."""
    text = ["retry the failed upload " * 40]
    for tokenizer in (own, by_the_library()):
        stop = threading.Event()

        def ask(tokenizer: TextTokenizer = tokenizer, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                tokenizer.ids(text, 8)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            assert {len(tokenizer.ids(text, 64)[0]) for _ in range(300)} == {64}
        finally:
            stop.set()
            asking.join()


def test_another_tokenizer_without_the_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose tokenizer is not BERT's says what to install."""
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    (tmp_path / "tokenizer.json").write_text(json.dumps(changed(normalizer=None)))
    with pytest.raises(ModelError, match=r"not BERT's and needs a library: pip install .cascode\[torch\]."):
        read_tokenizer(tmp_path, read_settings(bundled_folder()))


def test_the_bundled_tokenizer_imports_no_library() -> None:
    """Neither the tokenizers library nor the hub's client is needed to load and use it."""
    program = (
        "import sys; from cascode_models.folder import *; f = bundled_folder();"
        "t = read_tokenizer(f, read_settings(f)); print(len(t.ids(['a b'], 9)[0]));"
        "print(sorted({'tokenizers', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["4", "[]"]
