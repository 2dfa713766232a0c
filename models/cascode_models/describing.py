"""Descriptions of functions in words: likelihood, beam search and sampling with a model that has a decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from .decoder import Said, Source
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
            before: Said | None = None
            ended = torch.zeros(len(rows), dtype=torch.bool)
            while said.size(1) < most_tokens and not bool(ended.all()):
                following, before = self._next(said, source, before)
                chances = nucleus(following.cpu(), share)
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
            tokens = token_log_probabilities(self._network, source, said, torch.ones_like(said))
            for row, value in zip(rows, tokens.view(len(rows), -1).mean(1).tolist(), strict=True):
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

    def _next(self, said: torch.Tensor, source: Source, before: Said | None) -> tuple[torch.Tensor, Said]:
        """Log-probabilities ``[functions, vocabulary]`` of the next token, and ``said`` as the decoder has read it."""
        embedded = embed(self._network, said[:, -1:].to(source.ids.device), said.size(1) - 1)
        states, read = self._decoder.next_states(embedded, source, before)
        return self._decoder.log_probabilities(states, word_embeddings(self._network), source)[:, 0], read

    def _beam(self, source: Source, beams: int, most_tokens: int) -> list[list[int]]:
        """The best description of each function; its score is the log-likelihood over its length's power."""
        count = source.ids.size(0)
        # Functions that are not finished yet: the others take no more time.
        active = list(range(count))
        repeated = source.repeated(torch.arange(count, device=source.ids.device).repeat_interleave(beams))
        said = torch.full((count * beams, 1), self._first)
        before: Said | None = None
        likelihoods = torch.full((count, beams), _NEVER)
        likelihoods[:, 0] = 0.0
        ended: list[list[tuple[float, list[int]]]] = [[] for _ in range(count)]
        while active and said.size(1) < most_tokens:
            following, before = self._next(said, repeated, before)
            steps = following.float().cpu().view(len(active), beams, -1) + likelihoods[..., None]
            # Twice as many as are kept: as many of them as are kept may end here.
            values, positions = steps.flatten(1).topk(min(2 * beams, steps[0].numel()), 1)
            rows, ids, kept_values, left = [], [], [], []
            for place, row in enumerate(active):
                ending, kept = self._choose(values[place].tolist(), positions[place].tolist(), beams, steps.size(-1))
                for value, beam in ending:
                    tokens = said[place * beams + beam].tolist()
                    ended[row].append((value / len(tokens) ** LENGTH_POWER, tokens))
                if len(ended[row]) >= beams or not kept:
                    continue
                kept += [(_NEVER, 0, self._last)] * (beams - len(kept))
                left.append(row)
                kept_values.append([value for value, _, _ in kept])
                rows += [place * beams + beam for _, beam, _ in kept]
                ids += [token for _, _, token in kept]
            said = torch.cat([said[rows], torch.tensor(ids, dtype=said.dtype)[:, None]], 1)
            kept_rows = torch.tensor(rows, dtype=torch.long, device=source.ids.device)
            before = before.repeated(kept_rows)
            if len(left) < len(active):
                repeated = repeated.repeated(kept_rows)
            likelihoods, active = torch.tensor(kept_values), left
        for place, row in enumerate(active):
            if not ended[row]:
                best = int(likelihoods[place].argmax())
                ended[row].append((0.0, said[place * beams + best].tolist()))
        return [max(found)[1] for found in ended]

    def _choose(
        self, values: Sequence[float], positions: Sequence[int], beams: int, vocabulary: int
    ) -> tuple[list[tuple[float, int]], list[tuple[float, int, int]]]:
        """Divide a function's likeliest next tokens into those that end and those that go on.

        Args:
            values: Log-likelihoods with that token, the highest first.
            positions: ``beam * vocabulary + token`` of each.
            beams: How many go on.
            vocabulary: Tokens there are.

        Returns:
            Likelihood and beam of each description that ends; likelihood, beam and token of each that goes on.
        """
        ending: list[tuple[float, int]] = []
        kept: list[tuple[float, int, int]] = []
        for rank, (value, position) in enumerate(zip(values, positions, strict=True)):
            beam, token = divmod(position, vocabulary)
            if value <= _NEVER / 2:
                break
            if token == self._last:
                if rank < beams:  # else likelier ones go on
                    ending.append((value, beam))
            elif len(kept) < beams:
                kept.append((value, beam, token))
        return ending, kept

    def _text(self, ids: Sequence[int]) -> str:
        """Token ids as text."""
        return self._tokenizer.text([token for token in ids if token not in (self._first, self._last)])


def embed(network: CasCode, ids: torch.Tensor, start: int = 0) -> torch.Tensor:
    """Embeddings ``[texts, tokens, width]`` of tokens that stand in texts from ``start`` on, those of the encoder."""
    places = torch.arange(start, start + ids.size(1), device=ids.device) + network.first_position
    return network.backbone.embeddings(input_ids=ids, position_ids=places.expand(ids.shape))  # type: ignore[no-any-return]


def word_embeddings(network: CasCode) -> torch.Tensor:
    """``[vocabulary, width]``, shared by encoder and decoder."""
    return network.backbone.embeddings.word_embeddings.weight  # type: ignore[no-any-return]


def token_log_probabilities(
    network: CasCode, source: Source, said: torch.Tensor, counted: torch.Tensor
) -> torch.Tensor:
    """Log-probability of each token of descriptions but the first, given those before it.

    Args:
        network: A network with a decoder.
        source: The functions.
        said: ``[functions, tokens]`` ids, the first special token included.
        counted: ``[functions, tokens]``, 1 for a token and 0 for padding.

    Returns:
        ``[counted tokens]`` in float32, function by function, the first token of each left out.
    """
    assert network.decoder is not None
    states = network.decoder.states(embed(network, said[:, :-1]), source)
    return network.decoder.token_log_probabilities(
        states, word_embeddings(network), source, said[:, 1:], counted[:, 1:].bool()
    )


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
