"""What answers look like."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

from cascode_indexer.extract import LANGUAGES
from cascode_indexer.search.types import Answer, Hit
from cascode_server.cli.formats import jsonl, print_notes, printer, terminal, text, vimgrep
from cascode_server.cli.formats.snippet import SNIPPET_LINES, certainty, explanation, shorten
from cascode_server.service.tokens import count_tokens


@dataclass
class Sources:
    """Stands for the engine where only source lines are asked for."""

    source: str

    def snippet(self, _hit: Hit) -> str:
        """The lines of any hit."""
        return self.source


def hit(root: Path, **changes: Any) -> Hit:
    """A hit in ``root``."""
    made = Hit(
        root=root,
        path="src/app.py",
        name="Client.send",
        kind="method",
        language="python",
        signature="def send(self,\n    request)",
        start_line=7,
        end_line=9,
        name_line=8,
        name_column=8,
        score=0.75,
        probability=0.784,
        stage="cascade",
    )
    return replace(made, **changes)


def answer(*hits: Hit, **changes: Any) -> Answer:
    """An answer of a complete index."""
    return replace(Answer("send", hits, "ready", 40, 0, {"total": 12.34567}), **changes)


SOURCE = "    @retry\n    def send(self, request):\n        return request[0]\n"


def test_jsonl_is_the_published_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object on one line, with exactly the published fields."""
    given = answer(
        hit(tmp_path),
        hit(tmp_path, probability=None, stage="fast"),
        query='sénd\n"x"',
        dropped=2,
        model_error="there is no model",
    )
    jsonl.print_answer(given, Sources(""))  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.isascii()
    first = {
        "path": "src/app.py",
        "workspace": tmp_path.name,
        "name": "Client.send",
        "kind": "method",
        "language": "python",
        "signature": "def send(self,\n    request)",
        "start_line": 7,
        "end_line": 9,
        "score": 0.75,
        "probability": 0.784,
        "match": "likely",
        "stage": "cascade",
        "why": {},
        "cell": None,
        "repository": None,
        "revision": "",
    }
    assert json.loads(out) == {
        "query": 'sénd\n"x"',
        "hits": [first, {**first, "probability": None, "match": None, "stage": "fast"}],
        "confident": True,
        "team_note": None,
        "dropped": 2,
        "model_error": "there is no model",
        "index": {"state": "ready", "functions": 40, "pending": 0},
        "timings_ms": {"total": 12.346},
    }


def test_vimgrep_lines_open_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The path counts from where the command runs; line and column are those of the name, from 1."""
    inner = tmp_path / "workspace" / "src"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    vimgrep.print_answer(answer(hit(tmp_path / "workspace")), Sources(""))  # type: ignore[arg-type]
    assert capsys.readouterr().out == "app.py:8:9:def send(self, request)\n"


def test_lines_are_those_of_grep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lone carriage return ends a line for editors, and none for grep and vim; CRLF is one end for all."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_bytes(b"# 1\r\n# 2\r# 3\r# 4\n# 5\n")
    for line, by_grep in ((1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (6, 4)):
        vimgrep.print_answer(answer(hit(tmp_path, path="a.py", name_line=line)), Sources(""))  # type: ignore[arg-type]
        assert capsys.readouterr().out.startswith(f"a.py:{by_grep}:")
    text.print_answer(answer(hit(tmp_path, path="a.py", start_line=2, end_line=5)), Sources(""))  # type: ignore[arg-type]
    assert capsys.readouterr().out.startswith("a.py:2-3  ")


@pytest.mark.parametrize(
    ("content", "line", "column", "by_grep"),
    [
        ("x = 1\nß = naïve = lambda: 0\n".encode(), 2, 4, "2:6"),  # ß takes two bytes
        ("\ufeffß = naïve\n".encode(), 1, 4, "1:6"),  # the mark is no character of the line
        ("# 1\r\nß\rß = naïve\n".encode(), 3, 4, "2:9"),  # what grep counts as one line
        ("ß = naïve\n".encode("latin-1"), 1, 4, "1:5"),
        ("ß = naïve\n".encode("utf-16"), 1, 4, "1:5"),
    ],
)
def test_columns_are_bytes(
    content: bytes,
    line: int,
    column: int,
    by_grep: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is not ASCII before a name moves the column by its bytes, as in ``rg --vimgrep``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_bytes(content)
    found = hit(tmp_path, path="a.py", name_line=line, name_column=column)
    vimgrep.print_answer(answer(found), Sources(""))  # type: ignore[arg-type]
    assert capsys.readouterr().out.startswith(f"a.py:{by_grep}:")


def test_path_that_could_break_a_line_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A newline or an escape in a file name ends no line and steers no terminal."""
    vimgrep.print_answer(answer(hit(tmp_path, path="a\nb\x1b[2J.py")), Sources(""))  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "\x1b" not in out


def test_plain_text_has_a_header_and_the_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Place, name, kind, language and certainty, then the source, its common indentation taken off."""
    monkeypatch.chdir(tmp_path)
    text.print_answer(answer(hit(tmp_path)), Sources(SOURCE))  # type: ignore[arg-type]
    assert capsys.readouterr().out == (
        "src/app.py:7-9  Client.send  (method, python)  likely match\n"
        "    @retry\n"
        "    def send(self, request):\n"
        "        return request[0]\n"
    )


def test_source_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences inside source code are not sent on, nor what turns the direction of writing."""
    text.print_answer(answer(hit(tmp_path)), Sources("x = '\x1b]0;owned\x07\x9b2J'\u202e\u2066\r\n"))  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert not set(out) & set("\x1b\x07\x9b\r\u202e\u2066")
    assert "owned" in out


def shown(given: Answer, source: str, width: int = 60) -> str:
    """What a terminal of some width receives."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system="standard", width=width, highlight=False)
    terminal.print_answer(given, Sources(source), console)  # type: ignore[arg-type]
    return stream.getvalue()


def test_terminal_gets_colours_and_line_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source is coloured, its lines are numbered as in the file, and none is wider than the terminal."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = shown(answer(hit(tmp_path)), SOURCE + "        " + "x" * 200 + "\n")
    assert "\x1b[" in out
    for number in ("7", "8", "9", "10"):
        assert number in out
    assert "x" * 60 not in out


def test_no_color_takes_the_colours_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR no colour code is sent."""
    monkeypatch.setenv("NO_COLOR", "1")
    codes = {
        code
        for group in re.findall(r"\x1b\[([\d;]*)m", shown(answer(hit(tmp_path)), SOURCE))
        for code in group.split(";")
    }
    assert not {code for code in codes if code[:1] in {"3", "4", "9"} and len(code) > 1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_coloured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """The colouring knows each language, also where the code stands in the middle of a file."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    word, code = ("resource", 'resource "a" "b" {\n') if language == "hcl" else ("return", "return 1\n")
    out = shown(answer(hit(tmp_path, language=language)), code)
    assert re.search(rf"\x1b\[(1;)?\d+(;\d+)*m{word}", out)


def test_markup_in_source_and_names_is_text(tmp_path: Path) -> None:
    """Square brackets of code are shown, not obeyed."""
    out = shown(answer(hit(tmp_path, name="[red]x[/red]")), "y = z['[bold]']\n")
    assert "[red]x[/red]" in out
    assert "[bold]" in out


def test_long_function_is_shortened() -> None:
    """The first lines are shown and the rest is counted; one line more is shown as well."""
    lines = [f"line {number}" for number in range(20)]
    snippet = shorten("\n".join(lines) + "\n\n")
    assert snippet.lines == tuple(lines[:SNIPPET_LINES])
    assert snippet.more == 20 - SNIPPET_LINES
    assert shorten("\n".join(lines[: SNIPPET_LINES + 1])).more == 0
    assert shorten("").lines == ()


@pytest.mark.parametrize(
    ("probability", "stage", "words"),
    [
        (1.0, "cascade", "likely match"),
        (0.4, "cascade", "likely match"),
        (0.39, "cascade", "possible match"),
        (0.05, "fast", "possible match"),
        (0.04, "fast", "weak match"),
        (0.0, "fast", "weak match"),
        (None, "fast", "fast stage"),
    ],
)
def test_a_probability_becomes_a_word(tmp_path: Path, probability: float | None, stage: str, words: str) -> None:
    """Likely from two in five on, weak below a twentieth; without a probability the stage is named."""
    assert certainty(hit(tmp_path, probability=probability, stage=stage)) == words


def test_nothing_is_likely_where_nothing_matches_well(tmp_path: Path) -> None:
    """One verdict must not contradict the other; the probability stays what it is."""
    found = [hit(tmp_path, probability=probability, doubtful=True) for probability in (0.8, 0.2, 0.01)]
    assert [certainty(doubted) for doubted in found] == ["possible match", "possible match", "weak match"]
    assert found[0].probability == 0.8


def test_explanations_stand_below_the_header_where_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a hit in both text formats; other formats say where it is instead."""
    found = answer(hit(tmp_path, why={"meaning": 0.9, "words": 0.1}))
    text.print_answer(found, Sources(SOURCE), explain=True)  # type: ignore[arg-type]
    assert capsys.readouterr().out.splitlines()[1] == "    why: 78 % likely, meaning 90 %, words 10 %"
    stream = io.StringIO()
    terminal.print_answer(found, Sources(SOURCE), Console(file=stream, width=40), explain=True)  # type: ignore[arg-type]
    assert "  why: 78 % likely, meaning 90 %, words 10 %\n" in stream.getvalue()
    for name in ("jsonl", "vimgrep", "markdown"):
        with pytest.raises(click.UsageError, match=f"--explain needs --format text, not {name}"):
            printer(name, explain=True)


def test_an_explanation_gives_shares_and_is_never_certain(tmp_path: Path) -> None:
    """Shares are of all that speaks for and against a hit; what is nothing when rounded is left out."""
    why = {"meaning": 0.42, "words": 0.06, "test": -0.02, "file name": 0.0001}
    assert explanation(hit(tmp_path, why=why)) == "78 % likely, meaning 84 %, words 12 %, test -4 %"
    assert explanation(hit(tmp_path, probability=1.0)) == "99 % likely"
    assert explanation(hit(tmp_path, probability=None, why={"words": 1.0})) == "words 100 %"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hits": ()}, "no hits among 40 definitions"),
        ({"confident": False}, "nothing matches well"),
        ({"pending": 5, "state": "indexing"}, "5 of 40 definitions"),
        ({"dropped": 2}, "2 left out"),
    ],
)
def test_what_an_answer_lacks_is_said_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], words: str
) -> None:
    """Doubt, an unfinished index and dropped candidates are reported, and not on stdout."""
    print_notes(answer(hit(tmp_path), **changes))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    print_notes(answer(hit(tmp_path)))
    assert capsys.readouterr().err == ""
    print_notes(answer(), narrowed=True)
    assert "none may match the given language, kind or path" in capsys.readouterr().err


def test_snippet_lines_are_those_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As many lines of each hit as the option says, in plain text and in Markdown."""
    source = "\n".join(f"line {number}" for number in range(20))
    for name, more in (("text", "    ... 16 more lines"), ("markdown", "... 16 more lines, to line 9")):
        printer(name, snippet_lines=4)(answer(hit(tmp_path)), Sources(source))  # type: ignore[arg-type]
        lines = capsys.readouterr().out.splitlines()
        assert [line.strip() for line in lines if "line " in line and "more" not in line] == [
            "line 0",
            "line 1",
            "line 2",
            "line 3",
        ]
        assert lines[-1] == more


def test_markdown_is_within_its_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The budget of the option is kept; without one it is that of the tools for agents."""
    source = "\n".join(f"    call_number_{number}()" for number in range(2_000))
    hits = [hit(tmp_path, path=f"{number}.py") for number in range(3)]
    sizes = []
    for tokens in (None, 1_000):
        printer("markdown", max_tokens=tokens)(answer(*hits), Sources(source))  # type: ignore[arg-type]
        sizes.append(count_tokens(capsys.readouterr().out))
    assert 3_000 < sizes[0] <= 4_000
    assert 700 < sizes[1] <= 1_000


@pytest.mark.parametrize(
    ("name", "options", "named"),
    [
        ("text", {"max_tokens": 900}, "--max-tokens 900 needs --format markdown, not text"),
        ("jsonl", {"snippet_lines": 3}, "--snippet-lines 3 needs --format text or markdown, not jsonl"),
        ("vimgrep", {"snippet_lines": 3}, "not vimgrep"),
    ],
)
def test_option_that_a_format_cannot_keep_is_refused(name: str, options: dict[str, int], named: str) -> None:
    """An option that would do nothing is a mistake, and is told before anything is searched."""
    with pytest.raises(click.UsageError, match=re.escape(named)):
        printer(name, **options)
