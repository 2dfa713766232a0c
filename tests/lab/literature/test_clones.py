"""Code to code: precisions by hand, MBXP's functions without what gives them away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from cascode_lab.literature.clones import average_precision, measure_clones
from cascode_lab.literature.mbxp import Solution, code_of, hide_name, read_solutions
from cascode_models.errors import ModelError


def test_average_precision_by_hand() -> None:
    """Right ones at ranks 1, 3 and 4: (1/1 + 2/3 + 3/4) / 3; ties go to the wrong one."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5], dtype=np.float32)
    right = np.array([True, False, True, True, False])
    assert average_precision(scores, right) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    tied = np.array([0.5, 0.5], dtype=np.float32)
    assert average_precision(tied, np.array([True, False])) == pytest.approx(0.5)
    assert average_precision(tied, np.array([False, True])) == pytest.approx(0.5)


class Given:
    """An encoder whose vectors are written down."""

    fingerprint, dimension = "given", 2

    def __init__(self, vectors: Sequence[Sequence[float]]) -> None:
        self.vectors = np.array(vectors, dtype=np.float32)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text."""
        assert len(texts) == len(self.vectors)
        return self.vectors

    def encode_queries(self, queries: Sequence[str]) -> np.ndarray:
        """Nobody asks in words."""
        raise NotImplementedError


def test_pools_are_other_languages_and_all_functions() -> None:
    """Two problems in two languages: 0 finds its clone second of its own language's too, first of the other's."""
    solutions = [Solution(1, "go", ""), Solution(2, "go", ""), Solution(1, "php", ""), Solution(2, "php", "")]
    # By the first: the other Go function is nearest, then its clone. By the others: the clone is always first.
    encoder = Given([[1.0, 0.0], [0.9, 0.4], [0.8, -0.6], [0.5, 0.8]])
    found = {score["name"]: score["mean"] for score in measure_clones(encoder, solutions)}
    products = encoder.vectors @ encoder.vectors.T

    def rank(row: int, clone: int, pool: list[int]) -> float:
        """One over the rank of the only right candidate."""
        return 1 / sum(products[row, other] >= products[row, clone] for other in pool)

    pairs = [(0, 2), (1, 3), (2, 0), (3, 1)]
    everyone = [1 / 1 * rank(row, clone, [other for other in range(4) if other != row]) for row, clone in pairs]
    across = [rank(row, clone, [2, 3] if row < 2 else [0, 1]) for row, clone in pairs]
    assert found["all"] == pytest.approx(np.mean(everyone))
    assert found["other languages"] == found["one other language"] == pytest.approx(np.mean(across))
    assert found["from go"] == pytest.approx(np.mean(across[:2]))
    assert np.mean(everyone) < np.mean(across)


PROMPT = """import java.util.*;

class IsNotPrime {
    /**
     * Write a function to identify non-prime numbers.
     * > isNotPrime(2)
     */
    public static boolean isNotPrime(int n) {
"""


def test_functions_lose_comment_preamble_and_name() -> None:
    """What describes the problem in words, what wraps the function, and the name that all languages share."""
    code = code_of(PROMPT, "        return n < 2 || isNotPrime(n - 1);\n    }\n}")
    assert code == "public static boolean isNotPrime(int n) {\n        return n < 2 || isNotPrime(n - 1);\n    }\n}"
    assert hide_name(code, "is_not_prime").count("solve") == 2
    assert hide_name("def is_Not_Prime(n): notPrime", "is_not_prime") == "def solve(n): notPrime"
    python = code_of('\n\ndef f(n):\n    """\n    Say.\n    >>> f(2)\n    """\n', "    return n")
    assert python == "def f(n):\n    return n"
    above = "using System;\nnamespace A\n{\n    public class P\n    {\n        /// <summary>\n        /// Say.\n"
    csharp = code_of(f"{above}        public static int F (int n) \n        {{\n", "return n;\n        }")
    assert csharp == "public static int F (int n) \n        {\nreturn n;\n        }"
    php = code_of("<?php\n\n/**\n * Say.\n */\nfunction f($n){\n", "return $n;\n}")
    assert php == "function f($n){\nreturn $n;\n}"


def test_mbxp_is_read_with_names_or_without(tmp_path: Path) -> None:
    """The name of a problem is Python's; a folder without the file says what to name."""
    rows = [
        {"problem": 1, "language": "python", "prompt": "def is_odd(n):\n", "solution": "    return n % 2"},
        {"problem": 1, "language": "php", "prompt": "<?php\nfunction isOdd($n) {\n", "solution": "return $n % 2; }"},
    ]
    (tmp_path / "mbxp.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert [solution.text for solution in read_solutions(tmp_path, hide_names=True)] == [
        "def solve(n):\n    return n % 2",
        "function solve($n) {\nreturn $n % 2; }",
    ]
    assert "is Odd" in read_solutions(tmp_path, hide_names=False)[1].text
    assert len(read_solutions(tmp_path, hide_names=False, problems=1)) == 2
    with pytest.raises(ModelError, match=r"name the folder of mbxp\.jsonl"):
        read_solutions(tmp_path / "elsewhere", hide_names=True)
