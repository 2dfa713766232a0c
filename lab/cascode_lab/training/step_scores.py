"""The scores of a step, computed from its examples as far as the objectives read them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch

from cascode_models.describing import token_log_probabilities
from cascode_models.tensors import pad, pair
from cascode_models.text import passages
from cascode_models.tokenization import PairLayout

from .context import RunContext
from .encoded import Encoded, by_length, late_matrix, restore_order
from .mixture import other_answers, shown_definitions
from .precision import WIDTH_MULTIPLES
from .sources import Example
from .teacher import Teacher, mean_scores


class StepScores:
    """Scores in the sense of :class:`cascode_lab.training.objectives.objective.Scores`.

    Args:
        run: The run.
        examples: Queries, each with its answer and maybe further negatives, compared all with all.
        groups: Queries, each with its answer and equally many negatives, which the classifier reads pair by pair.
        teachers: Models whose mean scores are learnt.
        chunk: Texts or pairs read together.
        cache_gradients: See :class:`~.encoded.Encoded`.
    """

    def __init__(
        self,
        run: RunContext,
        examples: Sequence[Example],
        groups: Sequence[Example],
        *,
        teachers: Sequence[Teacher] = (),
        chunk: int,
        cache_gradients: bool = False,
    ) -> None:
        self._run = run
        self._examples = examples
        self._groups = groups
        self._teachers = teachers
        self._chunk = chunk
        self._cache_gradients = cache_gradients

    @cached_property
    def right(self) -> torch.Tensor:
        """Which definition answers which query."""
        return torch.tensor(other_answers(self._examples), device=self._run.network.device)

    @cached_property
    def cosines(self) -> torch.Tensor:
        """Cosines of the vectors, each definition's by its nearest passage."""
        return nearest_passage(self._queries.vectors @ self._definitions.vectors.T, self._passages[1])

    @cached_property
    def late(self) -> torch.Tensor:
        """Late interaction of the tokens' states, each definition's by its nearest passage."""
        return nearest_passage(late_matrix(self._run.network, self._queries, self._definitions), self._passages[1])

    @cached_property
    def poly(self) -> torch.Tensor:
        """Scores of the poly-encoder."""
        attention = self._run.network.poly
        assert attention is not None
        parts = [attention.scores(self._queries.vectors, *attention.vectors(*part)) for part in self._definitions.parts]
        return restore_order(torch.cat(parts, 1).T, self._definitions.order).T

    @cached_property
    def described(self) -> torch.Tensor:
        """Log-probabilities of the queries' tokens."""
        network, tokenizer, definitions = self._run.network, self._run.tokenizer, self._definitions
        assert network.decoder is not None
        asked = tokenizer.ids(self._texts[0], self._run.config.max_query_tokens)
        found, start = [], 0
        for (ids, mask), part in zip(definitions.tensors, definitions.parts, strict=True):
            # Answers stand first among the definitions; what serves as a negative alone is described by nobody.
            rows = definitions.order[start : start + len(ids)]
            start += len(ids)
            places = [place for place, row in enumerate(rows) if row < len(asked)]
            if not places:
                continue
            said, counted = (tensor.to(network.device) for tensor in pad([asked[rows[place]] for place in places],
                                                                         tokenizer.pad_id))  # fmt: skip
            source = network.decoder.source(part.states[places], mask[places], ids[places])
            found.append(token_log_probabilities(network, source, said, counted))
        return torch.cat(found)

    @cached_property
    def taught(self) -> torch.Tensor:
        """Mean of what the teachers say, each definition's by its nearest passage."""
        passages, owners = self._passages
        said = mean_scores(self._teachers, self._texts[0], passages, self._chunk)
        return nearest_passage(said.to(self._run.network.device), owners)

    @cached_property
    def groups(self) -> torch.Tensor:
        """Logits of the classifier on the groups."""
        network, tokenizer, config = self._run.network, self._run.tokenizer, self._run.config
        queries = tokenizer.ids([group.query for group in self._groups], config.max_query_tokens)
        texts = [definition.text for group in self._groups for definition in (group.answer, *group.negatives)]
        definitions = tokenizer.ids(texts, config.max_text_tokens)
        size = len(definitions) // len(queries)
        pairs = [(queries[row // size], definition) for row, definition in enumerate(definitions)]
        order = by_length([[*query, *definition] for query, definition in pairs])
        layout, width = PairLayout.of_head(network.config.head), WIDTH_MULTIPLES[network.dtype]
        logits = []
        for start in range(0, len(order), self._chunk):
            some = [pairs[row] for row in order[start : start + self._chunk]]
            tensors = pair([ids for ids, _ in some], [ids for _, ids in some], tokenizer.pad_id, layout, width)
            logits.append(network.classify(*(tensor.to(network.device) for tensor in tensors)))
        return restore_order(torch.cat(logits), order).view(len(queries), size)

    def backward(self, total: torch.Tensor) -> None:
        """Add the gradients of a loss on these scores to those of the network."""
        total.backward()  # type: ignore[no-untyped-call]
        for name in ("_queries", "_definitions"):
            if name in self.__dict__:
                self.__dict__[name].backward()

    @property
    def _texts(self) -> tuple[list[str], list[str]]:
        """Texts of queries and definitions."""
        return [example.query for example in self._examples], [
            example.text for example in shown_definitions(self._examples)
        ]

    @cached_property
    def _queries(self) -> Encoded:
        """Queries, encoded."""
        return self._encoded(self._texts[0], self._run.config.max_query_tokens)

    @cached_property
    def _definitions(self) -> Encoded:
        """Passages of the definitions, encoded; with one passage each, the definitions."""
        return self._encoded(self._passages[0], self._run.config.max_text_tokens)

    @cached_property
    def _passages(self) -> tuple[list[str], torch.Tensor]:
        """Passages of the definitions in their order, and the position of each one's definition."""
        texts, owners = [], []
        for position, text in enumerate(self._texts[1]):
            read = passages(text)[: self._run.config.passages]
            texts += read
            owners += [position] * len(read)
        return texts, torch.tensor(owners, device=self._run.network.device)

    def _encoded(self, texts: list[str], limit: int) -> Encoded:
        """Texts, encoded up to so many tokens."""
        network, tokenizer = self._run.network, self._run.tokenizer
        rows = tokenizer.ids(texts, limit)
        return Encoded(network, rows, tokenizer.pad_id, self._chunk, cache_gradients=self._cache_gradients)


def nearest_passage(scores: torch.Tensor, owners: torch.Tensor) -> torch.Tensor:
    """The nearest passage speaks for its definition, as in a search.

    Args:
        scores: ``[queries, passages]``.
        owners: ``[passages]`` position of each one's definition, rising; every definition has one or more.

    Returns:
        ``[queries, definitions]``.
    """
    # Most presets read one passage of each.
    if len(owners) == int(owners[-1]) + 1:
        return scores
    found = scores.new_full((len(scores), int(owners[-1]) + 1), -torch.inf)
    return found.scatter_reduce(1, owners.expand_as(scores), scores, "amax")
