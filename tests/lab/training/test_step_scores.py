"""The scores that objectives read: gradient caching, teachers, and agreement with what is served."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from cascode_lab.training.config import StageConfig, TrainingConfig
from cascode_lab.training.context import RunContext
from cascode_lab.training.objectives import Objective
from cascode_lab.training.objectives.description import Description
from cascode_lab.training.objectives.distillation import Distillation
from cascode_lab.training.objectives.group_softmax import GroupSoftmaxBinary
from cascode_lab.training.objectives.infonce import InfoNCE, infonce
from cascode_lab.training.objectives.late_infonce import LateInfoNCE
from cascode_lab.training.sources import DefinitionText, Example
from cascode_lab.training.step_scores import StepScores, nearest_passage
from cascode_models.describing import token_log_probabilities
from cascode_models.errors import ModelError
from cascode_models.heads import Texts
from cascode_models.inference import fused_score
from cascode_models.late import COSINE_SCALE
from cascode_models.modeling import CasCode
from cascode_models.tensors import pad, pair
from cascode_models.text import passages
from cascode_models.tokenization import PairLayout

# Some longer than a phrase and than a function's beginning.
QUERIES = [[2, 5, 6, 3], [2, 7, 3], [2, *range(8, 30), 3], [2, 11, 3], [2, 12, 13, 3]]
FUNCTIONS = [
    *([2, 14, 15, 3], [2, 16, 17, 18, 3], [2, *range(30, 60), 3], [2, 20, 21, 3]),
    *([2, *range(4, 29), 3], [2, 23, 3], [2, 24, 25, 3]),
]


class Numbers:
    """Reads a text of numbers as their token ids."""

    pad_id = 0

    def ids(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """Token ids of each text."""
        return [[int(word) for word in text.split()] for text in texts]


class Saying:
    """A teacher that says what it was given."""

    fingerprint = "saying"

    def __init__(self, said: torch.Tensor) -> None:
        self.said = said

    def scores(self, queries: Sequence[str], definitions: Sequence[str], chunk: int) -> torch.Tensor:
        """What it was given."""
        assert (len(queries), len(definitions)) == self.said.shape
        return self.said


def words(ids: Sequence[int]) -> str:
    """A text that :class:`Numbers` reads as these ids."""
    return " ".join(map(str, ids))


def shown(ids: Sequence[int]) -> DefinitionText:
    """A definition of these ids."""
    return DefinitionText(words(ids), words(ids))


def examples() -> list[Example]:
    """As many examples as queries; the first has the further functions for negatives."""
    made = [
        Example(words(query), shown(function), frozenset()) for query, function in zip(QUERIES, FUNCTIONS, strict=False)
    ]
    further = tuple(shown(function) for function in FUNCTIONS[len(QUERIES) :])
    return [Example(made[0].query, made[0].answer, made[0].right, further), *made[1:]]


@pytest.fixture
def network(make_network) -> CasCode:
    """A small late-headed model in float32, without dropout."""
    return make_network("late")


def step_scores(
    network: CasCode,
    *,
    chunk: int = 100,
    cache: bool = False,
    said: Sequence[torch.Tensor] = (),
    groups: Sequence[Example] = (),
) -> StepScores:
    """Scores of a step on the examples."""
    run = RunContext(TrainingConfig(), None, network, Numbers(), Path(), "", print)  # type: ignore[arg-type]
    teachers = [Saying(scores) for scores in said]
    return StepScores(run, examples(), groups, teachers=teachers, chunk=chunk, cache_gradients=cache)


def gradients(
    network: CasCode, scores: StepScores, objectives: Sequence[Objective]
) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """Losses of a step and the gradients it leaves."""
    network.zero_grad()
    losses = {objective.name: objective.loss(scores) for objective in objectives}
    scores.backward(sum(term.weight * losses[term.name] for term in objectives))
    found = {name: value.grad.clone() for name, value in network.named_parameters() if value.grad is not None}
    return {name: float(loss.detach()) for name, loss in losses.items()}, found


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize("objectives", [(InfoNCE(0.5),), (InfoNCE(0.5), LateInfoNCE(0.5, 0.05))])
def test_cached_gradients_are_those_of_the_whole_batch(
    chunk: int, objectives: Sequence[Objective], network: CasCode
) -> None:
    """Encoding chunk by chunk a second time gives the losses and gradients of one large batch."""
    losses, expected = gradients(network, step_scores(network), objectives)
    cached_losses, found = gradients(network, step_scores(network, chunk=chunk, cache=True), objectives)
    assert cached_losses == pytest.approx(losses, rel=1e-5)
    assert ("head.views" in expected) == (len(objectives) > 1)
    assert expected.keys() == found.keys()
    assert max(float(value.abs().max()) for value in expected.values()) > 1e-3
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("chunk", [2, 100])
def test_late_loss_is_that_of_the_served_cascade(chunk: int, network: CasCode) -> None:
    """The second InfoNCE ranks by the fused score of weight 1, as it is while the gates are closed."""
    before = float(LateInfoNCE(1.0, 0.09).loss(step_scores(network, chunk=chunk)).detach())
    pairs = [(query, function) for query in QUERIES for function in FUNCTIONS]
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
        network.head.views.copy_(torch.tensor([0.3, 0.7, 0.5]))
        logits = network.classify(*pair(*zip(*pairs, strict=True), 0, PairLayout(True)))
        cosines = network.encode(*pad(QUERIES, 0)) @ network.encode(*pad(FUNCTIONS, 0)).T
    fused = torch.tensor(fused_score(cosines.numpy(), logits.view(cosines.shape).numpy(), 1.0))
    # In the units of a cosine by the temperature, not by that of the vectors.
    scores = step_scores(network, chunk=chunk)
    expected = float(infonce(fused / COSINE_SCALE / 0.09, scores.right))
    changed = float(LateInfoNCE(1.0, 0.09).loss(scores).detach())
    assert changed == pytest.approx(expected, rel=1e-3)
    assert changed != pytest.approx(before, rel=1e-3)


def test_nearest_passage_speaks_for_its_definition() -> None:
    """Each definition has the score of its nearest passage, and only that passage learns from it."""
    scores = torch.tensor([[0.1, 0.5, 0.3, -0.2], [-0.4, -0.6, 0.2, 0.7]], requires_grad=True)
    found = nearest_passage(scores, torch.tensor([0, 0, 1, 2]))
    assert torch.equal(found, torch.tensor([[0.5, 0.3, -0.2], [-0.4, 0.2, 0.7]]))
    found.sum().backward()
    assert torch.equal(scores.grad, torch.tensor([[0.0, 1, 1, 1], [1, 0, 1, 1]]))


@pytest.mark.parametrize("read", [1, 2, 4])
def test_step_reads_as_many_passages_as_the_settings_say(read: int, network: CasCode) -> None:
    """Cosines and late interaction of a long definition are the best of its first passages, read one by one."""
    # Few tokens of many characters: three passages of it are read apart.
    long = "\n".join(f"{token:060d}" for token in range(5, 25))
    shown = [Example(words(QUERIES[0]), DefinitionText(long, "long"), frozenset()), examples()[1]]
    run = RunContext(TrainingConfig(passages=read), None, network, Numbers(), Path(), "", print)  # type: ignore[arg-type]
    scores = StepScores(run, shown, [], chunk=2)
    pieces = [Numbers().ids([text], 0)[0] for text in passages(long)[:read]]
    assert len(pieces) == min(read, 4)
    with torch.no_grad():
        queries = pad(Numbers().ids([example.query for example in shown], 0), 0)
        cosines = network.encode(*queries) @ network.encode(*pad(pieces, 0)).T
        late = network.head.late_scores(
            Texts(network.token_states(*queries), queries[1]),
            Texts(network.token_states(*pad(pieces, 0)), pad(pieces, 0)[1]),
        )
    torch.testing.assert_close(scores.cosines[:, 0], cosines.amax(1))
    torch.testing.assert_close(scores.late[:, 0], late.amax(1))
    assert scores.cosines.shape == scores.late.shape == scores.right.shape == (2, 2)


def test_teachers_read_as_many_passages_as_the_student(network: CasCode) -> None:
    """Of a long definition they say what they say of its nearest passage, which is what they are compared with."""
    long = "\n".join(f"{token:060d}" for token in range(5, 25))
    shown = [Example(words(QUERIES[0]), DefinitionText(long, "long"), frozenset()), examples()[1]]
    run = RunContext(TrainingConfig(passages=2), None, network, Numbers(), Path(), "", print)  # type: ignore[arg-type]
    said = torch.tensor([[0.1, 0.4, 0.2], [0.3, 0.1, 0.9]])
    scores = StepScores(run, shown, [], teachers=[Saying(said), Saying(said + 0.2)], chunk=2)
    torch.testing.assert_close(scores.taught, torch.tensor([[0.5, 0.3], [0.4, 1.0]]))


@pytest.mark.parametrize("chunk", [1, 100])
def test_teachers_are_averaged_and_weighed_beside_the_right_answers(chunk: int, network: CasCode) -> None:
    """What the student learns from is the mean of the teachers; the terms add up by their weights."""
    generator = torch.Generator().manual_seed(1)
    said = [torch.randn(len(QUERIES), len(FUNCTIONS), generator=generator) for _ in range(2)]
    assert torch.equal(step_scores(network, said=said).taught, (said[0] + said[1]) / 2)

    def grads(*objectives: Objective) -> dict[str, torch.Tensor]:
        return gradients(network, step_scores(network, chunk=chunk, said=said), objectives)[1]

    late, taught = grads(LateInfoNCE()), grads(Distillation())
    both = grads(LateInfoNCE(0.25), Distillation(0.75))
    for name, value in late.items():
        torch.testing.assert_close(both[name], 0.25 * value + 0.75 * taught[name], rtol=1e-3, atol=1e-5)
    assert any(float((taught[name] - value).abs().max()) > 1e-3 for name, value in late.items())


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_groups_are_classified_pair_by_pair(chunk: int, network: CasCode) -> None:
    """Whatever is read together, a group's logits are those of its pairs, the right definition first."""
    groups = [
        Example(words(query), shown(FUNCTIONS[row]), frozenset(), (shown(FUNCTIONS[2]), shown(FUNCTIONS[5])))
        for row, query in enumerate(QUERIES[:2])
    ]
    found = step_scores(network, chunk=chunk, groups=groups).groups
    pairs = [(QUERIES[row], FUNCTIONS[other]) for row in (0, 1) for other in (row, 2, 5)]
    expected = network.classify(*pair(*zip(*pairs, strict=True), 0, PairLayout(True))).view(2, 3)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    _, grads = gradients(network, step_scores(network, groups=groups), [GroupSoftmaxBinary()])
    assert float(grads["head.views"].abs().max()) > 1e-4


def test_late_scores_ignore_padding(network: CasCode) -> None:
    """A query and a function score alike alone and beside longer ones."""

    def scores(queries: list[list[int]], functions: list[list[int]]) -> torch.Tensor:
        read = [Texts(network.token_states(ids, mask), mask) for ids, mask in (pad(queries, 0), pad(functions, 0))]
        return network.head.late_scores(*read)

    with torch.no_grad():
        beside = scores(QUERIES, FUNCTIONS)
        for row, query in enumerate(QUERIES):
            for column, function in enumerate(FUNCTIONS):
                assert float(scores([query], [function])) == pytest.approx(float(beside[row, column]), abs=1e-5)


def test_poly_scores_and_descriptions_of_a_step_are_those_of_each_by_itself(make_network) -> None:
    """In chunks of any size, every definition is scored, and each query is what its own answer is described by."""
    network = make_network("none", poly_codes=3, decoder_layers=2, decoder_copies=True)
    for chunk in (2, 100):
        scores = step_scores(network, chunk=chunk)
        assert network.poly is not None
        assert network.decoder is not None
        for column, function in enumerate(FUNCTIONS):
            ids, mask = pad([function], 0)
            seen = network.poly.vectors(network.token_states(ids, mask), mask)
            for row, query in enumerate(QUERIES):
                found = network.poly.scores(network.encode(*pad([query], 0)), *seen)
                assert scores.poly[row, column].item() == pytest.approx(found.item(), abs=1e-5)
        alone = []
        for query, function in zip(QUERIES, FUNCTIONS, strict=False):
            ids, mask = pad([function], 0)
            source = network.decoder.source(network.token_states(ids, mask), mask, ids)
            alone.append(token_log_probabilities(network, source, torch.tensor([query]), torch.ones(1, len(query))))
        assert scores.described.sort().values.tolist() == pytest.approx(
            torch.cat(alone).sort().values.tolist(), abs=1e-4
        )


def test_cached_gradients_of_descriptions_beside_negatives(make_network) -> None:
    """A chunk of negatives alone, which nobody describes, has no gradient to carry on."""
    network = make_network("none", decoder_layers=1)
    expected = gradients(network, step_scores(network), [Description()])[1]
    found = gradients(network, step_scores(network, chunk=1, cache=True), [Description()])[1]
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)


def test_parts_that_read_one_text_a_definition_refuse_passages() -> None:
    """Codes and descriptions are of definitions, not of their passages."""
    stage = StageConfig("contrastive", objectives={"poly": {}})
    TrainingConfig(poly_codes=4, stages=(stage,))
    with pytest.raises(ModelError, match="objective poly of contrastive needs passages 1"):
        TrainingConfig(poly_codes=4, stages=(stage,), passages=2)
