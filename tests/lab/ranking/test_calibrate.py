"""Probabilities of the score that orders a search, by the kind of query."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.query import WORD, QueryKind
from cascode_lab.ranking.calibrate import FEWEST, calibrate, judge, report, write
from cascode_lab.ranking.names import MISSPELT
from cascode_lab.ranking.types import Asked, Files
from cascode_models.export import export_model
from cascode_models.folder import bundled_folder
from cascode_models.load import load_model
from cascode_models.settings import ModelSettings
from cascode_models.tokenization import LibraryTokenizer
from tiny_model import make_network, make_tokenizer

RULES = ["similarity", "words"]


def asked(*, right: bool, lead: float, name: str, kind: str = "sentence", group: str = "history") -> Asked:
    """A list of three read candidates whose first one leads by so much and answers or not."""
    return Asked(
        set_name=name,
        group=group,
        sort="",
        judged_as=kind,
        evidence=np.array([[0.5, 0.0], [0.5, 0.0], [0.5, 0.0], [0.2, 0.0]], dtype=np.float32),
        right=np.array([right, False, False, not right]),
        copies=np.arange(4, dtype=np.int32),
        files=Files(np.arange(4, dtype=np.int32), np.array([right, False, False, not right]), 1),
        logits=np.array([lead, 0.0, 0.0, np.nan], dtype=np.float32),
    )


def questions(count: int = 240, **more: str) -> list[Asked]:
    """Lists whose first hit answers nine times of ten where it leads clearly, and as one of three where it does not."""
    generator = np.random.default_rng(0)
    found = []
    for number in range(count):
        clear = bool(generator.random() < 0.5)
        right = bool(generator.random() < (0.9 if clear else 0.35))
        found.append(asked(right=right, lead=6.0 if clear else 0.5, name=f"r{number % 6}", **more))
    return found


def test_a_kind_is_calibrated_to_what_came_true() -> None:
    """The mean of what is said is the share that answers, and workspaces left out are judged well."""
    some = questions()
    (item,) = calibrate(some, RULES).values()
    share = np.mean([question.right[0] for question in some])
    assert item.right == {"history": pytest.approx(share)}
    assert item.errors["history"] < 0.1
    settings = ModelSettings(calibration_by_kind={"sentence": list(item.values)})
    clear, unclear = (
        settings.calibration("sentence").probability.of(np.array(scores, dtype=np.float32))[0]
        for scores in ([16.0, 10.0, 10.0], [10.5, 10.0, 10.0])
    )
    assert clear > 0.75 > 0.5 > unclear > 0.2


def test_few_questions_of_a_kind_calibrate_nothing() -> None:
    """Nor do lists of which the classifier read one candidate or none."""
    assert calibrate(questions(FEWEST - 1), RULES) == {}
    assert calibrate([replace(question, logits=None) for question in questions()], RULES) == {}
    assert list(calibrate([*questions(), *questions(FEWEST, kind="general")], RULES)) == ["sentence", "general"]


def test_lists_that_hold_nothing_but_answers_are_calibrated() -> None:
    """Without its answers no list is left, of which no share was called without a match."""
    some = [replace(question, right=np.ones(4, dtype=np.bool_)) for question in questions()]
    (item,) = calibrate(some, RULES).values()
    assert (item.right, item.flagged_without_answer) == ({"history": 1.0}, 0.0)


def test_what_ships_is_calibrated_for_every_kind_of_query() -> None:
    """A kind that is missing is judged by what was fitted to docstrings; nobody has asked with code yet."""
    settings = load_model(bundled_folder()).settings
    assert set(settings.calibration_by_kind) == {kind.value for kind in QueryKind} - {QueryKind.CODE.value} | {WORD}


def test_misspelt_names_calibrate_nothing() -> None:
    """What no definition is called does not match well, whatever stands first."""
    some = questions(kind="identifier", group="names")
    wrong = [replace(question, sort=MISSPELT) for question in questions(FEWEST, kind="identifier", group="names")]
    assert calibrate([*some, *wrong], RULES)["identifier"].values == calibrate(some, RULES)["identifier"].values
    assert calibrate([*some, *wrong], RULES)["identifier"].questions == len(some)
    assert calibrate(wrong, RULES) == {}


def test_bare_words_are_calibrated_apart() -> None:
    """As they are judged in a search, though they are names by their kind."""
    words = [replace(question, judged_as="word") for question in questions(kind="identifier", group="names")]
    assert list(calibrate(words, RULES)) == ["word"]
    assert list(calibrate([*words, *questions(kind="identifier", group="names")], RULES)) == [
        "identifier",
        "path",
        "word",
    ]


def test_a_kind_is_calibrated_as_it_is_weighed() -> None:
    """Paths are calibrated on names, whose spelling does not count in them."""
    rules = [*RULES, "spelling"]
    some = []
    for question in questions(kind="identifier", group="names"):
        spelled = np.zeros((4, 1), dtype=np.float32)
        spelled[0] = 1.0
        some.append(replace(question, evidence=np.hstack([question.evidence, spelled])))
    found = calibrate(some, rules)
    assert found["path"].values != found["identifier"].values
    assert found["path"].values == calibrate(questions(kind="identifier", group="names"), RULES)["path"].values


def test_reports_are_calibrated_with_what_is_weighed_alike() -> None:
    """There are hardly any, and they are weighed as sentences with names are."""
    found = calibrate(questions(kind="sentence_with_name"), RULES)
    assert found["report"].values == found["sentence_with_name"].values


def test_groups_count_alike() -> None:
    """Many questions of one group do not decide for a smaller one in which more is found."""
    easy = [asked(right=True, lead=2.0, name=f"e{at % 4}", group="written") for at in range(60)]
    hard = [asked(right=at % 10 == 0, lead=2.0, name=f"h{at % 4}") for at in range(600)]
    (item,) = calibrate([*easy, *hard], RULES).values()
    said = ModelSettings(calibration_by_kind={"sentence": list(item.values)}).calibration("sentence").probability
    assert said.of(np.array([12.0, 10.0, 10.0], dtype=np.float32))[0] == pytest.approx(0.55, abs=0.15)


def test_a_single_question_does_not_stand_for_hundreds() -> None:
    """One sure miss of a group of its own leaves the calibration as it is."""
    some = questions()
    lone = asked(right=False, lead=6.0, name="lone", group="written")
    (with_it,), (without,) = calibrate([*some, lone], RULES).values(), calibrate(some, RULES).values()
    assert with_it.values[0] == pytest.approx(without.values[0], rel=0.1)
    assert with_it.values[1] == pytest.approx(without.values[1], abs=0.5)


def test_what_a_model_says_is_compared_with_the_truth() -> None:
    """A model that is always sure errs by as much as it is wrong, far more than chance explains."""
    some = questions()
    share = float(np.mean([question.right[0] for question in some]))
    sure = ModelSettings(calibration_by_kind={"sentence": [1.0, 50.0, 0.01, 0.5]})
    row = judge(some, RULES, sure).splitlines()[2]
    assert row.startswith(f"| sentence, history | 240 | 1.00, {share:.2f} | {1 - share:.3f} (0.0")
    assert row.endswith(f"| 100%, {share:.0%} | 0% / 0% |")
    # Where nothing matches well no hit is likely, however probable beside the others.
    doubtful = ModelSettings(calibration_by_kind={"sentence": [1.0, 0.0, 0.01, 1.1]})
    assert judge(some, RULES, doubtful).splitlines()[2].endswith("| 0%, 0% | 100% / 100% |")
    (item,) = calibrate(some, RULES).values()
    assert "| sentence | 240 | history" in report({"sentence": item})


def test_the_calibrations_are_written_into_the_model(tmp_path: Path) -> None:
    """Weights stay as they are, and the kind's numbers are read back."""
    folder = export_model(make_network("late"), LibraryTokenizer(make_tokenizer(), pad_id=0), tmp_path / "model")
    found = calibrate(questions(), RULES)
    write(found, folder, tmp_path / "calibrated")
    before, after = load_model(str(folder)), load_model(str(tmp_path / "calibrated"))
    assert after.fingerprint == before.fingerprint
    assert after.settings.calibration_by_kind == {"sentence": list(found["sentence"].values)}
    assert after.settings.calibration("general") == before.settings.calibration("general")


def test_a_calibration_of_too_few_numbers_is_refused() -> None:
    """A damaged configuration is noticed when it is read."""
    with pytest.raises(ValueError, match="must give 4 numbers"):
        ModelSettings(calibration_by_kind={"sentence": [1.0]})
