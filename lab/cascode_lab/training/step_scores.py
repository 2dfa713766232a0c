"""The scores of a step, computed from its examples as far as the objectives read them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch

from cascode_models.tensors import pair
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
        """Cosines of the vectors."""
        queries, definitions = self._encoded
        return queries.vectors @ definitions.vectors.T

    @cached_property
    def late(self) -> torch.Tensor:
        """Late interaction of the tokens' states."""
        return late_matrix(self._run.network, *self._encoded)

    @cached_property
    def taught(self) -> torch.Tensor:
        """Mean of what the teachers say."""
        return mean_scores(self._teachers, *self._texts, self._chunk).to(self._run.network.device)

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
        if "_encoded" in self.__dict__:
            for encoded in self._encoded:
                encoded.backward()

    @property
    def _texts(self) -> tuple[list[str], list[str]]:
        """Texts of queries and definitions."""
        return [example.query for example in self._examples], [
            example.text for example in shown_definitions(self._examples)
        ]

    @cached_property
    def _encoded(self) -> tuple[Encoded, Encoded]:
        """Queries and definitions, encoded."""
        run = self._run
        limits = run.config.max_query_tokens, run.config.max_text_tokens
        queries, definitions = (
            Encoded(
                run.network,
                run.tokenizer.ids(texts, limit),
                run.tokenizer.pad_id,
                self._chunk,
                cache_gradients=self._cache_gradients,
            )
            for texts, limit in zip(self._texts, limits, strict=True)
        )
        return queries, definitions
