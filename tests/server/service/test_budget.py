"""Answers for agents: within the budget to the token, the best hits in most detail, lines exact, nothing silent."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascode import Answer, Hit
from cascode_server.schema.bounds import LEAST_TOKENS, MOST_TOKENS
from cascode_server.schema.tools import ToolAnswer
from cascode_server.service.budget import Budget, Budgeted, Found, within_budget
from cascode_server.service.tokens import count_tokens
from shape_check import misfits

ROOT = Path("/work/shop")
HIT = Hit(
    root=ROOT,
    path="src/app.py",
    name="Client.send",
    kind="method",
    language="python",
    signature="def send(self, request)",
    start_line=7,
    end_line=9,
    name_line=8,
    name_column=8,
    score=1.0,
    probability=0.784,
    stage="fast",
)
ANSWER = Answer(query="q", hits=(), state="ready", functions=40, pending=0, timings_ms={})


def found(lines: int = 3, **changes: Any) -> Found:
    """A hit of some lines."""
    start = changes.pop("start_line", 7)
    hit = replace(HIT, start_line=start, end_line=start + lines - 1, **changes)
    return Found(hit, hit.path, "\n".join(f"    line_{number} = call()" for number in range(start, start + lines)))


def shown(hits: list[Found], budget: Budget | None = None, **changes: Any) -> Budgeted:
    """What is shown of an answer with these hits."""
    answer = replace(ANSWER, hits=tuple(each.hit for each in hits), **changes)
    return within_budget(answer, hits, budget or Budget())


def dumped(value: ToolAnswer) -> str:
    """JSON as it is sent."""
    return json.dumps(value, ensure_ascii=False)


_NAMES = st.text(alphabet=st.characters(codec="utf-8"), max_size=300)
_HITS = st.builds(
    lambda name, path, signature, code, probability, start: Found(
        replace(
            HIT,
            name=name,
            signature=signature,
            start_line=start,
            end_line=start + code.count("\n"),
            probability=probability,
        ),
        path,
        code,
    ),
    _NAMES,
    _NAMES,
    _NAMES,
    st.one_of(
        st.text(alphabet=st.characters(codec="utf-8"), max_size=400),
        st.integers(1, 900).map(lambda lines: "\n".join(["\tif (x < 0) { return f(`${y}`); }"] * lines)),
    ),
    st.one_of(st.none(), st.floats(0, 1)),
    st.integers(1, 10_000),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_HITS, max_size=12),
    st.integers(LEAST_TOKENS, MOST_TOKENS),
    st.one_of(st.none(), st.integers(0, 40)),
    st.booleans(),
)
def test_no_answer_is_over_its_budget(
    hits: list[Found], tokens: int, snippet_lines: int | None, incomplete: bool
) -> None:
    """Whatever the workspace holds: both texts are within the budget, and both together within what a client takes."""
    changes: dict[str, Any] = (
        {"pending": 30_000, "functions": 40_000, "state": "indexing", "dropped": 12, "confident": False}
        | {"model_error": "no model"}
        if incomplete
        else {}
    )
    result = shown(hits, Budget(tokens, snippet_lines), **changes)
    markdown, data = count_tokens(result.markdown), count_tokens(dumped(result.json))
    assert max(markdown, data) <= tokens
    assert markdown + data <= MOST_TOKENS
    assert len(result.json["hits"]) + result.json["hits_left_out"] == len(hits)
    assert misfits(ToolAnswer, result.json) == []


def test_code_is_shown_exactly_as_it_is_in_the_file() -> None:
    """Indentation, tabs and empty lines stay: an agent replaces text by what it has read."""
    code = "\tdef send(self):\n\n\t\treturn 1\n\n"
    result = shown([Found(HIT, "src/app.py", code)])
    assert result.markdown == (
        "### src/app.py:7-9 `Client.send` (78%)\n```python\n\tdef send(self):\n\n\t\treturn 1\n```\n"
    )
    assert result.json["hits"][0]["code"] == "\tdef send(self):\n\n\t\treturn 1"
    assert "lines_left_out" not in result.json["hits"][0]


def test_code_of_the_best_then_declarations_then_names() -> None:
    """With less and less room worse hits lose their code, then their declaration, then their place."""
    hits = [found(8, start_line=1 + 100 * rank, probability=0.9) for rank in range(10)]

    def details(tokens: int) -> str:
        data = shown(hits, Budget(tokens)).json
        return "".join("C" if "code" in hit else "s" if "signature" in hit else "n" for hit in data["hits"])

    assert details(10_000) == "C" * 10
    for tokens in range(LEAST_TOKENS, 3_000, 100):
        assert re.fullmatch("C*s*n*", details(tokens)), tokens
    assert {letter for tokens in range(LEAST_TOKENS, 3_000, 25) for letter in details(tokens)} == {"C", "s", "n"}


@pytest.mark.parametrize("best", [0.9, 0.12])
def test_what_is_shown_of_a_hit_depends_on_how_probable_it_is_beside_the_best(best: float) -> None:
    """Code from half of the best's probability on, a declaration from a fifth on; code where nobody knows."""
    shares = [1.0, 0.5, 0.49, 0.2, 0.19, None]
    hits = [
        found(start_line=1 + 10 * rank, probability=None if share is None else share * best)
        for rank, share in enumerate(shares)
    ]
    details = ["C" if "code" in hit else "s" if "signature" in hit else "n" for hit in shown(hits).json["hits"]]
    assert "".join(details) == "CCssnC"


def test_the_best_hit_is_shown_though_another_one_is_more_probable() -> None:
    """The order is not that of probabilities: the first hit has its code, whatever its share."""
    hits = [found(probability=0.01), found(start_line=100, probability=0.9)]
    assert ["code" in hit for hit in shown(hits).json["hits"]] == [True, True]


def test_a_file_is_named_once_above_what_is_not_shown_of_it() -> None:
    """An agent pays for a path once; a function's declaration names it, a method's does not name its class."""
    hits = [found(probability=0.8)]
    hits += [found(path="src/b.py", start_line=50, probability=0.3, name="send", signature="def send(x)")]
    hits += [found(path="src/c.py", start_line=60, probability=0.3)]
    hits += [found(path="src/b.py", start_line=70, probability=0.01)]
    assert shown(hits).markdown.partition("```\n")[2] == (
        "- src/b.py\n"
        "  - 50-52 `def send(x)`\n"
        "  - 70-72 `Client.send`\n"
        "- src/c.py\n"
        "  - 60-62 `Client.send`: `def send(self, request)`\n"
    )


def test_a_long_hit_is_cut_and_says_where_it_ends() -> None:
    """One class takes no more than half of the budget: what is left out is counted, and the next hits are there.

    One that is not the best takes no more than a quarter.
    """
    result = shown([found(900), found(start_line=2_000)], Budget(2_000))
    first, second = result.json["hits"]
    lines = first["code"].split("\n")
    assert lines[0] == "    line_7 = call()"
    assert 10 < len(lines) < 900
    assert first["lines_left_out"] == 900 - len(lines)
    assert f"... {900 - len(lines)} more lines, to line 906\n" in result.markdown
    assert second["code"].startswith("    line_2000")
    longer = shown([found(900), found(start_line=2_000)], Budget(4_000)).json["hits"][0]
    assert len(longer["code"]) > 1.5 * len(first["code"])
    other = shown([found(start_line=2_000), found(900)], Budget(2_000)).json["hits"][1]
    assert 0.4 * len(first["code"]) < len(other["code"]) < 0.6 * len(first["code"])


def test_snippet_lines_bound_every_hit() -> None:
    """As many lines as asked for, or declarations alone where none are."""
    assert shown([found(30)], Budget(snippet_lines=4)).json["hits"][0] | {"code": ""} == {
        "path": "src/app.py",
        "name": "Client.send",
        "kind": "method",
        "start_line": 7,
        "end_line": 36,
        "probability": 0.78,
        "code": "",
        "lines_left_out": 26,
    }
    assert shown([found(30)], Budget(snippet_lines=4)).json["hits"][0]["code"].count("\n") == 3
    bare = shown([found(30)], Budget(snippet_lines=0))
    assert bare.markdown == "- src/app.py\n  - 7-36 `Client.send`: `def send(self, request)`\n"
    assert bare.json["hits"][0]["signature"] == "def send(self, request)"


def test_a_method_of_a_class_that_is_shown_is_not_shown_twice() -> None:
    """Its lines are in the answer already: they are paid for once. Where the class is cut before it, it is shown."""
    inside = found(5, start_line=10)
    assert ["code" in hit for hit in shown([found(20), inside]).json["hits"]] == [True, False]
    assert ["code" in hit for hit in shown([found(20), inside], Budget(snippet_lines=4)).json["hits"]] == [True, True]
    other = replace(inside, hit=replace(inside.hit, path="src/other.py"))
    assert ["code" in hit for hit in shown([found(20), other]).json["hits"]] == [True, True]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"confident": False}, "nothing matches well"),
        ({"pending": 5, "state": "indexing"}, "5 of 40 definitions"),
        ({"dropped": 2}, "2 left out"),
        ({"model_error": "x" * 5_000}, "cascode doctor"),
    ],
)
def test_what_an_answer_lacks_is_said_in_both_texts(changes: dict[str, Any], words: str) -> None:
    """Doubt, an unfinished index, dropped candidates and a missing model are part of the answer."""
    result = shown([found()], **changes)
    assert words in result.markdown
    assert any(words in note for note in result.json["notes"])
    assert shown([found()]).json["notes"] == []


@pytest.mark.parametrize(
    ("functions", "words"), [(40, "no hits among 40 definitions"), (0, "no definitions are indexed")]
)
def test_an_empty_answer_says_why(functions: int, words: str) -> None:
    """Nothing found is said in words, not by an empty text."""
    result = shown([], functions=functions)
    assert words in result.markdown
    assert result.json["hits"] == []


def test_hits_without_any_room_are_counted() -> None:
    """What is left out altogether is said."""
    hits = [found(path=f"src/{'very_long_name/' * 8}{rank}.py") for rank in range(12)]
    result = shown(hits, Budget(LEAST_TOKENS))
    left_out = result.json["hits_left_out"]
    assert 0 < left_out < 12
    assert f"... {left_out} more hits" in result.markdown


def test_code_cannot_end_its_own_fence_or_write_another_hit() -> None:
    """Backticks of the code, line breaks of names and characters that steer a terminal stay inside of their hit."""
    hit = replace(HIT, name="a`\n### b", signature="def `f`():\n### c", probability=None)
    result = shown([Found(hit, "src/\nx.py", "```\n### src/evil.py:1-1\x1b[2J\n````")])
    lines = result.markdown.split("\n")
    assert lines[1] == "`````python"
    assert lines.count("`````") == 1
    headings = [line for line in lines if line.startswith("### ")]
    assert headings == [lines[0], "### src/evil.py:1-1\N{REPLACEMENT CHARACTER}[2J"]
    assert "\x1b" not in result.markdown + dumped(result.json)
    bare = shown([Found(hit, "src/\nx.py", "x")], Budget(snippet_lines=0)).markdown
    assert bare.count("\n") == 2
