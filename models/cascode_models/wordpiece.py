"""WordPiece as BERT uses it, in Python: the bundled model's tokenizer needs no library.

The library that reads every tokenizer brings 32 MB along, its client of the hub above all, and cuts whole texts into
pieces of which a model reads the first hundred. Source code repeats its words, so almost each of them is one look into
a table here, and a text is read no further than the model does: half of the library's time for 128 tokens.

Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019, and the greedy longest match of
Wu et al., "Google's Neural Machine Translation System", 2016, section 4.1. The ids are those of the library for every
text in characters that Unicode had in 2015; of later ones the library removes or splits at some that this does not.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: Words whose pieces are remembered; the most frequent of a large workspace, 20 MB at most.
REMEMBERED_WORDS = 1 << 16
#: The same of characters outside ASCII.
REMEMBERED_CHARACTERS = 1 << 12
#: ASCII text falls into runs of letters and digits and single signs; spaces fall out.
_ASCII_WORD = re.compile(r"[0-9A-Za-z]+|[!-/:-@\[-`{-~]")
_ASCII_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
#: Written one by one, each a word of its own.
_IDEOGRAPHS = (
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF)),
    *((0x2A700, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F)),
)
#: What is read of a tokenizer file; one with anything else in it is none of these.
_NORMALIZER = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True}
_PRE_TOKENIZER = {"type": "BertPreTokenizer"}
_PLAIN_TOKEN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


class WordPiece:
    """Cuts texts into ids of a vocabulary.

    Args:
        vocabulary: Ids by piece; those that continue a word begin with ``prefix``.
        special: Ids of the tokens that are read where a text spells them, ``[MASK]`` for instance.
        lowercase: Whether upper and lower case are the same.
        strip_accents: Whether accents are left out.
        unknown: The piece that stands for a word that no pieces make.
        prefix: Begins the pieces that continue a word.
        longest: Longer words are unknown, in characters.
    """

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        special: Mapping[str, int],
        *,
        lowercase: bool,
        strip_accents: bool,
        unknown: str = "[UNK]",
        prefix: str = "##",
        longest: int = 100,
    ) -> None:
        self._vocabulary = vocabulary
        self._special = dict(special)
        self._lowercase = lowercase
        self._strip_accents = strip_accents
        self._unknown = [vocabulary[unknown]]
        self._prefix = prefix
        self._longest = longest
        self._special_in_text = re.compile("|".join(map(re.escape, special)) or r"(?!)")
        self._pieces = functools.lru_cache(REMEMBERED_WORDS)(self._cut)
        self._normal = functools.lru_cache(REMEMBERED_CHARACTERS)(self._normalize)

    def ids(self, text: str, most: int) -> list[int]:
        """Ids of a text's pieces.

        Args:
            text: The text.
            most: Reading ends once there are as many; the last word may add a few more.
        """
        ids: list[int] = []
        start = 0
        for match in self._special_in_text.finditer(text):
            self._add(ids, text[start : match.start()], most)
            if len(ids) >= most:
                return ids
            ids.append(self._special[match[0]])
            start = match.end()
        self._add(ids, text[start:] if start else text, most)
        return ids

    def _add(self, ids: list[int], text: str, most: int) -> None:
        """Add the ids of a text without special tokens."""
        pieces = self._pieces
        for word in self._words(text):
            if len(ids) >= most:
                return
            ids += pieces(word)

    def _words(self, text: str) -> Iterator[str]:
        """The words and signs of a text, in lower case where that is asked for."""
        if not text.isascii():
            yield from "".join(map(self._normal, text)).split()
            return
        if self._lowercase:
            text = text.lower()
        if _ASCII_CONTROL.search(text):
            text = _ASCII_CONTROL.sub("", text)
        for match in _ASCII_WORD.finditer(text):
            yield match[0]

    def _normalize(self, character: str) -> str:
        """What a character becomes; a sign or an ideograph stands between spaces."""
        if character in "\t\n\r":
            return " "
        category = unicodedata.category(character)
        if character in "\0\ufffd" or category in ("Cc", "Cf", "Co", "Cs"):
            return ""
        if character.isspace():
            return " "
        alone = any(first <= ord(character) <= last for first, last in _IDEOGRAPHS)
        if self._strip_accents:
            parts = unicodedata.normalize("NFD", character)
            character = "".join(part for part in parts if unicodedata.category(part) != "Mn")
        if self._lowercase:
            character = "".join(map(str.lower, character))  # one by one: a final sigma is a sigma
        separate = "".join(f" {part} " if _is_sign(part) else part for part in character)
        return f" {separate} " if alone else separate

    def _cut(self, word: str) -> Sequence[int]:
        """The longest pieces that a word is made of, from left to right."""
        vocabulary = self._vocabulary
        if len(word) > self._longest:
            return self._unknown
        found = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end]
                number = vocabulary.get(self._prefix + piece if start else piece)
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return self._unknown
        return found


def read_wordpiece(content: Any) -> tuple[WordPiece, list[int], list[int]] | None:
    """Read what a ``tokenizer.json`` holds.

    Args:
        content: The file's content.

    Returns:
        The tokenizer, the ids before each text and those after it; None where it is of another kind.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: The content is no tokenizer at all.
    """
    model, normalizer, template = content["model"], content["normalizer"], content["post_processor"]
    if not (model and normalizer and template) or (model["type"], template["type"]) != (
        "WordPiece",
        "TemplateProcessing",
    ):
        return None
    if _without(normalizer, "lowercase", "strip_accents") != _NORMALIZER or content["pre_tokenizer"] != _PRE_TOKENIZER:
        return None
    added = content["added_tokens"]
    if any(_without(token, "id", "content") != _PLAIN_TOKEN for token in added):
        return None
    before: list[int] = []
    after: list[int] = []
    side = before
    for part in template["single"]:
        if "Sequence" in part:
            side = after
        else:
            side += template["special_tokens"][part["SpecialToken"]["id"]]["ids"]
    lowercase, strip = bool(normalizer["lowercase"]), normalizer["strip_accents"]
    pieces = WordPiece(
        model["vocab"],
        {str(token["content"]): int(token["id"]) for token in added},
        lowercase=lowercase,
        strip_accents=lowercase if strip is None else bool(strip),
        unknown=str(model["unk_token"]),
        prefix=str(model["continuing_subword_prefix"]),
        longest=int(model["max_input_chars_per_word"]),
    )
    return pieces, before, after


def canonical(content: Mapping[str, Any]) -> str:
    """A tokenizer file's content as the library writes it, which a model's fingerprint holds."""
    plain = {**content, "truncation": None, "padding": None}
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def _is_sign(character: str) -> bool:
    """Whether a character is a word of its own: punctuation, and what ASCII has besides letters and digits."""
    return unicodedata.category(character)[0] == "P" or (character.isascii() and not character.isalnum())


def _without(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A mapping without some of its names."""
    return {name: value for name, value in mapping.items() if name not in names}
