"""A decoder over the encoder's states: describes a function in words, and says how likely a description is."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import nn
from torch.nn.functional import gelu, linear, scaled_dot_product_attention

#: Logit whose exponential is 0 beside any other, and a probability that has a logarithm.
_NEVER, _LEAST = -1e4, 1e-9
#: Bias of the gate between copied and made words at the start: a tenth is copied.
_COPY_BIAS = -2.2
#: Spread of new weights, as BERT's.
_SPREAD = 0.02


class Source(NamedTuple):
    """A function as the decoder reads it, computed once for all tokens of its description."""

    #: Keys and values of each layer, ``[functions, heads, tokens, head width]``.
    keys: list[torch.Tensor]
    values: list[torch.Tensor]
    #: ``[functions, tokens, width]``
    states: torch.Tensor
    #: ``[functions, tokens]``, 1 for a token and 0 for padding.
    mask: torch.Tensor
    #: ``[functions, tokens]`` ids, which may be copied.
    ids: torch.Tensor

    def repeated(self, rows: torch.Tensor) -> Source:
        """The functions at ``rows``, in that order."""
        return Source(
            [key[rows] for key in self.keys],
            [value[rows] for value in self.values],
            *(part[rows] for part in (self.states, self.mask, self.ids)),
        )


class Said(NamedTuple):
    """What was said so far as the decoder reads it: each token's keys and values are computed once."""

    #: Keys and values of each layer, ``[functions, heads, tokens, head width]``.
    keys: list[torch.Tensor]
    values: list[torch.Tensor]

    def repeated(self, rows: torch.Tensor) -> Said:
        """What was said at ``rows``, in that order."""
        return Said([key[rows] for key in self.keys], [value[rows] for value in self.values])


class _Attention(nn.Module):
    """Attention in BERT's order: its states are added to what asked, and normalised."""

    def __init__(self, width: int, heads: int, epsilon: float) -> None:
        super().__init__()
        self._heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.attended = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=epsilon)

    def read(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values of states, ``[texts, heads, tokens, head width]``."""
        return self._split(self.key(states)), self._split(self.value(states))

    def forward(
        self, x: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """States ``[texts, tokens, width]`` after it; without a mask no token sees those that follow.

        A single token without a mask is the last of those that ``key`` and ``value`` are of, and sees them all.
        """
        causal = mask is None and x.size(1) > 1
        seen = scaled_dot_product_attention(self._split(self.query(x)), key, value, attn_mask=mask, is_causal=causal)
        joined = seen.transpose(1, 2).flatten(2)
        return self.norm(x + self.attended(joined))  # type: ignore[no-any-return]

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        """``[texts, tokens, width]`` as ``[texts, heads, tokens, head width]``."""
        return x.view(*x.shape[:2], self._heads, -1).transpose(1, 2)


class _Layer(nn.Module):
    """A layer in BERT's order: attention to what was said, attention to the function, two products."""

    def __init__(self, width: int, inner: int, heads: int, epsilon: float) -> None:
        super().__init__()
        self.said = _Attention(width, heads, epsilon)
        self.function = _Attention(width, heads, epsilon)
        self.inner, self.out = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width, eps=epsilon)

    def forward(
        self,
        x: torch.Tensor,
        said: tuple[torch.Tensor, torch.Tensor],
        function: tuple[torch.Tensor, torch.Tensor],
        mask: torch.Tensor,
    ) -> torch.Tensor:
        """States ``[texts, tokens, width]`` after this layer.

        Args:
            x: ``[texts, tokens, width]`` states before it.
            said: Keys and values of what was said, up to the tokens of ``x``.
            function: Keys and values of the function.
            mask: Added to the attention on the function.
        """
        x = self.said(x, *said, None)
        x = self.function(x, *function, mask)
        return self.norm(x + self.out(gelu(self.inner(x))))  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """Layers of BERT's shape whose embeddings, going in and coming out, are those of the encoder.

    With ``copies`` the next token is either made or copied from the function, by a gate (See, Liu and Manning, 2017,
    equations 8 and 9, with an attention of its own): what a function's description says is often in its names.

    Args:
        layers: Its layers.
        width: Width of a state.
        inner: Width inside a layer.
        heads: Attention heads a layer.
        vocabulary: Tokens there are.
        epsilon: Of the layer norms.
        copies: Whether tokens are copied from the function.
    """

    def __init__(
        self, layers: int, width: int, inner: int, heads: int, vocabulary: int, epsilon: float, *, copies: bool
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_Layer(width, inner, heads, epsilon) for _ in range(layers)])
        self.dense = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=epsilon)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.pointer = nn.Linear(width, width) if copies else None
        self.gate = nn.Linear(width, 1) if copies else None

    def reset_parameters(self) -> None:
        """Draw new weights."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=_SPREAD)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.LayerNorm):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.zeros_(self.bias)
        if self.pointer is not None and self.gate is not None:
            # A token looks for itself at first.
            nn.init.eye_(self.pointer.weight)
            nn.init.constant_(self.gate.bias, _COPY_BIAS)

    def begin_as(self, encoder: nn.Module) -> None:
        """Take the encoder's own layers, evenly chosen, for what both have (Rothe, Narayan and Severyn, 2020).

        Args:
            encoder: Layers of a BERT in a list ``layer``.
        """
        theirs = list(cast("nn.ModuleList", encoder.layer))
        for number, ours in enumerate(self._layers):
            layer: Any = theirs[round((len(theirs) - 1) * number / max(1, len(self._layers) - 1))]
            attention = layer.attention
            for part, copied in (
                (ours.said.query, attention.self.query),
                (ours.said.key, attention.self.key),
                (ours.said.value, attention.self.value),
                (ours.said.attended, attention.output.dense),
                (ours.said.norm, attention.output.LayerNorm),
                (ours.inner, layer.intermediate.dense),
                (ours.out, layer.output.dense),
                (ours.norm, layer.output.LayerNorm),
            ):
                part.load_state_dict(copied.state_dict())

    @property
    def _layers(self) -> list[_Layer]:
        """The layers by their type."""
        return cast("list[_Layer]", list(self.layers))

    def source(self, states: torch.Tensor, mask: torch.Tensor, ids: torch.Tensor) -> Source:
        """Read functions.

        Args:
            states: ``[functions, tokens, width]`` states of the encoder.
            mask: ``[functions, tokens]``, 1 for a token and 0 for padding.
            ids: ``[functions, tokens]``.
        """
        read = [layer.function.read(states) for layer in self._layers]
        return Source([key for key, _ in read], [value for _, value in read], states, mask, ids)

    def states(self, embedded: torch.Tensor, source: Source) -> torch.Tensor:
        """States ``[functions, tokens, width]`` of embedded tokens, each of which sees those before it."""
        hidden = self._hidden(embedded, source)
        x = embedded
        for layer, function in zip(self._layers, zip(source.keys, source.values, strict=True), strict=True):
            x = layer(x, layer.said.read(x), function, hidden)
        return x

    def next_states(self, embedded: torch.Tensor, source: Source, said: Said | None) -> tuple[torch.Tensor, Said]:
        """States of one further token a function, as :meth:`states` gives them for the last of all tokens.

        Args:
            embedded: ``[functions, 1, width]``.
            source: The functions.
            said: The tokens before it; None for the first.

        Returns:
            ``[functions, 1, width]``, and what is said with it.
        """
        hidden = self._hidden(embedded, source)
        keys, values = [], []
        x = embedded
        for number, layer in enumerate(self._layers):
            key, value = layer.said.read(x)
            if said is not None:
                key, value = torch.cat([said.keys[number], key], 2), torch.cat([said.values[number], value], 2)
            keys.append(key)
            values.append(value)
            x = layer(x, (key, value), (source.keys[number], source.values[number]), hidden)
        return x, Said(keys, values)

    @staticmethod
    def _hidden(embedded: torch.Tensor, source: Source) -> torch.Tensor:
        """What is added to the attention on functions, so that nothing sees their padding."""
        return (1.0 - source.mask[:, None, None, :].to(embedded.dtype)) * _NEVER

    def log_probabilities(self, x: torch.Tensor, words: torch.Tensor, source: Source) -> torch.Tensor:
        """Logarithm of every next token's probability.

        Args:
            x: ``[functions, tokens, width]`` of :meth:`states`.
            words: ``[vocabulary, width]`` embeddings.
            source: The functions.

        Returns:
            ``[functions, tokens, vocabulary]`` in float32.
        """
        made = self._logits(x, words).log_softmax(-1)
        if self.gate is None:
            return made
        gate, attention = self._copying(x, source)
        ids = source.ids[:, None, :].expand(attention.shape)
        copied = torch.zeros_like(made).scatter_add_(2, ids, attention)
        return (gate * copied + (1 - gate) * made.exp() + _LEAST).log()

    def token_log_probabilities(
        self, x: torch.Tensor, words: torch.Tensor, source: Source, targets: torch.Tensor, counted: torch.Tensor
    ) -> torch.Tensor:
        """The same of the tokens that do follow, without the probabilities of all others.

        The product with the vocabulary is most of a step's time on short descriptions: padding is left out of it.

        Args:
            x: See :meth:`log_probabilities`.
            words: See there.
            source: The functions.
            targets: ``[functions, tokens]`` ids.
            counted: ``[functions, tokens]``, true for a token that is asked for.

        Returns:
            ``[counted tokens]`` in float32, function by function.
        """
        logits = self._logits(x[counted], words)
        made = logits.gather(1, targets[counted][:, None])[:, 0] - logits.logsumexp(-1)
        if self.gate is None:
            return made
        gate, attention = (part[counted] for part in self._copying(x, source))
        same = (source.ids[:, None, :] == targets[..., None])[counted].float()
        return (gate[:, 0] * (attention * same).sum(-1) + (1 - gate[:, 0]) * made.exp() + _LEAST).log()

    def _logits(self, x: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """``[..., vocabulary]`` of ``[..., width]`` in float32: BERT's head for masked tokens, the embeddings tied."""
        return linear(self.norm(gelu(self.dense(x))), words, self.bias).float()

    def _copying(self, x: torch.Tensor, source: Source) -> tuple[torch.Tensor, torch.Tensor]:
        """How much is copied, ``[functions, tokens, 1]``, and from where, ``[functions, tokens, source tokens]``."""
        assert self.pointer is not None
        assert self.gate is not None
        looked = torch.matmul(self.pointer(x), source.states.transpose(1, 2)).float() / x.size(-1) ** 0.5
        attention = looked.masked_fill(source.mask[:, None] == 0, _NEVER).softmax(-1)
        return torch.sigmoid(self.gate(x).float()), attention
