"""Descriptions of functions in words: likelihood, beam search and sampling with a model that has a decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from .decoder import Source
from .errors import ModelError
from .folder import resolve_folder
from .tensors import pad
from .text import query_text
from .tokenization import TextTokenizer, batches_by_length

if TYPE_CHECKING:
    from .modeling import CasCode

#: Most tokens of a description, special ones included: nine in ten first sentences of doc comments are shorter.
MOST_TOKENS = 32
#: Texts decoded together, sorted by length.
BATCH = 64
#: Exponent of the length by which a description's log-likelihood is divided (Wu et al., 2016, equation 14, without
#: their constant): 0 prefers short ones, 1 the mean of the tokens.
LENGTH_POWER = 0.6
#: Log-probability of what cannot be.
_NEVER = -1e9


class Describer:
    """A network with a decoder, and its tokenizer.

    Args:
        network: The network; it computes where its weights are.
        tokenizer: Its tokenizer, which begins and ends each text with a special token.

    Raises:
        ModelError: The model has no decoder, or its tokenizer other special tokens.
    """

    def __init__(self, network: CasCode, tokenizer: TextTokenizer) -> None:
        if network.decoder is None:
            raise ModelError("this model has no decoder: train one with the preset 'describe'")
        self._network = network
        self._decoder = network.decoder
        self._tokenizer = tokenizer
        ends = tokenizer.ids([""], MOST_TOKENS)[0]
        if len(ends) != 2:
            raise ModelError(
                "this model's tokenizer does not begin and end a text with a special token: use BERT's kind"
            )
        self._first, self._last = ends

    @classmethod
    def load(cls, name_or_path: str) -> Describer:
        """Load a model folder on the CPU.

        Raises:
            ModelError: There is no such model, or it has no decoder.
        """
        from .torch_load import read_folder

        network, _, tokenizer = read_folder(resolve_folder(name_or_path))
        network.train(False)
        return cls(network, tokenizer)

    @torch.inference_mode()
    def describe(self, texts: Sequence[str], *, beams: int = 4, most_tokens: int = MOST_TOKENS) -> list[str]:
        """Describe functions by beam search.

        Args:
            texts: Function texts.
            beams: Descriptions followed at a time; 1 takes the likeliest token each time.
            most_tokens: Longest description.

        Returns:
            The best description of each function.
        """
        found = [""] * len(texts)
        for rows, source in self._sources(texts):
            for row, ids in zip(rows, self._beam(source, beams, most_tokens), strict=True):
                found[row] = self._text(ids)
        return found

    @torch.inference_mode()
    def sample(
        self, texts: Sequence[str], *, share: float = 0.9, seed: int = 0, most_tokens: int = MOST_TOKENS
    ) -> list[str]:
        """Sample a description of each function, each token from the likeliest that have a share of the probability.

        Args:
            texts: Function texts.
            share: Nucleus (Holtzman et al., 2020, section 3.1); 1 samples from all.
            seed: The same seed gives the same descriptions.
            most_tokens: Longest description.
        """
        generator = torch.Generator().manual_seed(seed)
        found = [""] * len(texts)
        for rows, source in self._sources(texts):
            said = torch.full((len(rows), 1), self._first)
            ended = torch.zeros(len(rows), dtype=torch.bool)
            while said.size(1) < most_tokens and not bool(ended.all()):
                chances = nucleus(self._next(said, source).cpu(), share)
                drawn = torch.multinomial(chances, 1, generator=generator)
                said = torch.cat([said, drawn.masked_fill(ended[:, None], self._last)], 1)
                ended |= said[:, -1] == self._last
            for row, ids in zip(rows, said.tolist(), strict=True):
                found[row] = self._text(ids)
        return found

    @torch.inference_mode()
    def log_likelihoods(self, description: str, texts: Sequence[str]) -> list[float]:
        """Mean log-probability a token of one description, given each function.

        The mean, for the description is the same beside every function; see
        :meth:`token_log_probabilities` for what training minimises.
        """
        ids = self._tokenizer.ids([query_text(description)], MOST_TOKENS)[0]
        found = [0.0] * len(texts)
        for rows, source in self._sources(texts):
            said = torch.tensor([ids] * len(rows), device=source.ids.device)
            tokens = token_log_probabilities(self._network, source, said)
            for row, value in zip(rows, tokens.mean(1).tolist(), strict=True):
                found[row] = value
        return found

    def _sources(self, texts: Sequence[str]) -> list[tuple[list[int], Source]]:
        """Positions of functions of similar length, and what the decoder reads of them."""
        limit = self._network.config.max_text_tokens
        ids = self._tokenizer.ids(list(texts), limit)
        found = []
        for rows in batches_by_length([len(row) for row in ids], BATCH * limit):
            batch, mask = pad([ids[row] for row in rows], self._tokenizer.pad_id)
            batch, mask = batch.to(self._network.device), mask.to(self._network.device)
            found.append((rows, self._decoder.source(self._network.token_states(batch, mask), mask, batch)))
        return found

    def _next(self, said: torch.Tensor, source: Source) -> torch.Tensor:
        """Log-probabilities ``[functions, vocabulary]`` of the next token."""
        embedded = embed(self._network, said.to(source.ids.device))
        states = self._decoder.states(embedded, source)[:, -1:]
        return self._decoder.log_probabilities(states, word_embeddings(self._network), source)[:, 0]

    def _beam(self, source: Source, beams: int, most_tokens: int) -> list[list[int]]:
        """The best description of each function; its score is the log-likelihood over its length's power."""
        count = source.ids.size(0)
        # Row of the source of each beam, then what was said and how likely it is.
        origin = torch.arange(count).repeat_interleave(beams)
        repeated = source.repeated(origin.to(source.ids.device))
        said = torch.full((count * beams, 1), self._first)
        likelihoods = torch.full((count, beams), _NEVER)
        likelihoods[:, 0] = 0.0
        ended: list[list[tuple[float, list[int]]]] = [[] for _ in range(count)]
        while said.size(1) < most_tokens:
            steps = self._next(said, repeated).float().cpu().view(count, beams, -1) + likelihoods[..., None]
            vocabulary = steps.size(-1)
            # Twice as many as are kept: as many of them as are kept may end here.
            values, places = steps.flatten(1).topk(min(2 * beams, steps[0].numel()), 1)
            kept_rows, kept_ids = [], []
            for row in range(count):
                kept: list[tuple[float, int, int]] = []
                for rank, (value, place) in enumerate(zip(values[row].tolist(), places[row].tolist(), strict=True)):
                    beam, token = divmod(place, vocabulary)
                    if value <= _NEVER / 2:
                        break
                    if token == self._last:
                        if rank >= beams:
                            continue  # likelier ones go on
                        ids = said[row * beams + beam].tolist()
                        ended[row].append((value / len(ids) ** LENGTH_POWER, ids))
                    elif len(kept) < beams:
                        kept.append((value, beam, token))
                kept += [(_NEVER, 0, self._last)] * (beams - len(kept))
                likelihoods[row] = torch.tensor([value for value, _, _ in kept])
                kept_rows += [row * beams + beam for _, beam, _ in kept]
                kept_ids += [token for _, _, token in kept]
            said = torch.cat([said[kept_rows], torch.tensor(kept_ids)[:, None]], 1)
            if all(self._finished(found, likelihoods[row], beams) for row, found in enumerate(ended)):
                break
        for row in range(count):
            if not ended[row]:
                best = int(likelihoods[row].argmax())
                ended[row].append((0.0, said[row * beams + best].tolist()))
        return [max(found)[1] for found in ended]

    @staticmethod
    def _finished(found: list[tuple[float, list[int]]], likelihoods: torch.Tensor, beams: int) -> bool:
        """Whether a function has as many descriptions as beams, or none left to follow."""
        return len(found) >= beams or bool((likelihoods <= _NEVER / 2).all())

    def _text(self, ids: Sequence[int]) -> str:
        """Token ids as text."""
        return self._tokenizer.text([token for token in ids if token not in (self._first, self._last)])


def embed(network: CasCode, ids: torch.Tensor) -> torch.Tensor:
    """Embeddings ``[texts, tokens, width]`` of the beginning of texts, those of the encoder."""
    places = torch.arange(ids.size(1), device=ids.device) + network.first_position
    return network.backbone.embeddings(input_ids=ids, position_ids=places.expand(ids.shape))  # type: ignore[no-any-return]


def word_embeddings(network: CasCode) -> torch.Tensor:
    """``[vocabulary, width]``, shared by encoder and decoder."""
    return network.backbone.embeddings.word_embeddings.weight  # type: ignore[no-any-return]


def token_log_probabilities(network: CasCode, source: Source, said: torch.Tensor) -> torch.Tensor:
    """Log-probability of each token of descriptions but the first, given those before it.

    Args:
        network: A network with a decoder.
        source: The functions.
        said: ``[functions, tokens]`` ids, the first special token included.

    Returns:
        ``[functions, tokens - 1]`` in float32.
    """
    assert network.decoder is not None
    states = network.decoder.states(embed(network, said[:, :-1]), source)
    return network.decoder.token_log_probabilities(states, word_embeddings(network), source, said[:, 1:])


def nucleus(log_probabilities: torch.Tensor, share: float) -> torch.Tensor:
    """Probabilities of the likeliest tokens that together have a share, 0 for the others.

    Args:
        log_probabilities: ``[texts, vocabulary]``.
        share: Above 0; the token that crosses it is kept.

    Returns:
        ``[texts, vocabulary]``, each row adding up to 1.
    """
    chances = log_probabilities.float().softmax(-1)
    values, order = chances.sort(-1, descending=True)
    before = values.cumsum(-1) - values
    kept = torch.zeros_like(chances).scatter_(-1, order, values.masked_fill(before >= share, 0.0))
    return kept / kept.sum(-1, keepdim=True)
