"""An answer for an agent: as much of each hit as a budget of tokens has room for, as Markdown and as JSON.

Code of the best hits, declarations of the next, names of the rest. Both texts hold the same hits in the same detail,
since a client hands one of the two to its model; each of them keeps to the budget, and both together to what a client
takes at all. The shares below were chosen by what a scripted agent reads until it has the right definition, on the
written questions of the dev split (``cascode eval agent``).
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascode_server.schema.bounds import DEFAULT_TOKENS, MOST_TOKENS
from cascode_server.schema.tools import ToolAnswer, ToolHit
from cascode_server.service.answers import cell_json, cell_text
from cascode_server.service.notes import notes_of
from cascode_server.service.printable import printable
from cascode_server.service.tokens import count_tokens

if TYPE_CHECKING:
    from cascode import Answer, Hit

#: Code is shown of the best hit, and of others that are at least this share as probable: an agent pays for every line
#: that it is given, and can open the place of a declaration. The three best, whatever they are, cost it 40 % more.
_CODE_FROM = 0.5
#: Below this share of the best hit's probability a name says enough.
_DECLARATION_FROM = 0.2
#: One long class must not hide the other answers: the best hit takes no more than this share of the budget,
_LARGEST_SHARE = 0.5
#: and another one, which is more likely in vain, no more than this.
_LARGEST_SHARE_OF_OTHERS = 0.25
#: The rest is for declarations of worse hits.
_SHARE_OF_CODE = 0.85
#: Fewer lines than this of a longer hit say no more than its declaration.
_FEWEST_LINES = 5
#: Declarations, names and paths longer than this are cut: a generated file must not eat the budget with one line, and
#: what a function does is clear before its eighth parameter.
_LONGEST_SIGNATURE = 160
_LONGEST_NAME = 160
#: A model is never certain, whatever the rounding says.
_MOST_CERTAIN = 0.99


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of an answer is shown."""

    #: By :func:`count_tokens`.
    tokens: int = DEFAULT_TOKENS
    #: At most this many lines of each hit; None for all.
    snippet_lines: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with what is shown of it."""

    hit: Hit
    #: As whoever reads the answer finds the file.
    path: str
    #: Its source lines.
    source: str


@dataclass(frozen=True, slots=True)
class Budgeted:
    """An answer within its budget."""

    markdown: str
    json: ToolAnswer


class _Detail(enum.Enum):
    """How much is shown of a hit."""

    NAME = enum.auto()
    SIGNATURE = enum.auto()
    CODE = enum.auto()


@dataclass(frozen=True, slots=True)
class _Cost:
    """Tokens of a part of the answer, as Markdown and as JSON."""

    markdown: int
    json: int

    def __add__(self, other: _Cost) -> _Cost:
        return _Cost(self.markdown + other.markdown, self.json + other.json)

    def within(self, tokens: float) -> bool:
        """Whether it keeps to a budget."""
        return max(self.markdown, self.json) <= tokens and self.markdown + self.json <= MOST_TOKENS


def within_budget(answer: Answer, found: Sequence[Found], budget: Budget, *, narrowed: bool = False) -> Budgeted:
    """Return an answer that costs no more tokens than its budget.

    Args:
        answer: The answer.
        found: Its hits, the best one first.
        budget: How much may be shown.
        narrowed: Whether languages, kinds or paths were asked for.
    """
    notes = notes_of(answer, narrowed=narrowed)
    if not answer.functions:
        notes.append("no definitions are indexed: the workspace holds no source files, or all of them are ignored")
    if answer.model_error is not None:
        notes.append("found by words alone: the model cannot be loaded; 'cascode doctor' says why")
    likely = _likelihoods([hit.hit for hit in found])
    hits = [_Shown(hit, share, budget) for hit, share in zip(found, likely, strict=True)]
    shown = _fill(hits, _frame_cost(answer, notes, len(found)), budget)
    left_out = len(found) - len(shown)
    return Budgeted(_markdown(notes, shown, left_out), _json(answer, notes, shown, left_out))


class _Shown:
    """A hit at the detail that it has at the moment."""

    def __init__(self, found: Found, likelihood: float, budget: Budget) -> None:
        self.hit = found.hit
        #: How probable it is beside the best hit.
        self.likelihood = likelihood
        self.detail = _Detail.NAME
        self.path = _cut(printable(found.path, one_line=True), _LONGEST_NAME)
        self.name = _cut(printable(found.hit.name, one_line=True).replace("`", "'"), _LONGEST_NAME)
        signature = printable(" ".join(found.hit.signature.split()), one_line=True).replace("`", "'")
        self.signature = _cut(signature, _LONGEST_SIGNATURE)
        self.source = _lines(found.source)
        #: Lines that are shown where the code is.
        self.most_lines = len(self.source) if budget.snippet_lines is None else budget.snippet_lines
        # A line costs a token at least: what lies beyond needs no counting.
        self.most_lines = min(self.most_lines, len(self.source), budget.tokens)
        self.lines = self.most_lines

    def cost(self) -> _Cost:
        """Return what it costs as it is, and at most: in Markdown a file's path stands once above its declarations."""
        heading = "" if self.detail is _Detail.CODE else self.heading()
        markdown = count_tokens(heading + self.markdown())
        return _Cost(markdown, count_tokens(_dumped(self.json())) + 1)  # a comma between hits

    def heading(self) -> str:
        """Return what stands above the hits of its file whose code is not shown."""
        return f"- {self.path}\n"

    def markdown(self) -> str:
        """Return it as Markdown, whole lines; without its path where its code is not shown."""
        hit = self.hit
        lines = f"{hit.start_line}-{hit.end_line}{cell_text(hit)}"
        if self.detail is _Detail.NAME:
            return f"  - {lines} `{self.name}`\n"
        if self.detail is _Detail.SIGNATURE:
            # A function's declaration says its name; that of a method does not say its class.
            name = "" if self.name in self.signature else f"`{self.name}`: "
            return f"  - {lines} {name}`{self.signature}`\n"
        code = self.source[: self.lines]
        fence = "`" * max(3, 1 + max((len(run) for line in code for run in re.findall("`+", line)), default=0))
        rest = self._left_out()
        last = hit.end_line if hit.cell is None else hit.cell.end_line
        more = f"... {rest} more lines, to line {last}\n" if rest else ""
        return (
            f"### {self.path}:{lines} `{self.name}`{_certainty(hit)}\n{fence}{_tag(hit.language)}\n"
            + "".join(f"{line}\n" for line in code)
            + f"{fence}\n{more}"
        )

    def json(self) -> ToolHit:
        """Return it as JSON."""
        hit = self.hit
        result: ToolHit = {
            "path": self.path,
            "name": self.name,
            "kind": hit.kind,
            "start_line": hit.start_line,
            "end_line": hit.end_line,
            "probability": _probability(hit),
        }
        cell = cell_json(hit)
        if cell is not None:
            result["cell"] = cell
        if self.detail is _Detail.SIGNATURE:
            result["signature"] = self.signature
        elif self.detail is _Detail.CODE:
            result["code"] = "\n".join(self.source[: self.lines])
            if self._left_out():
                result["lines_left_out"] = self._left_out()
        return result

    def last_line(self) -> int:
        """Return the last line of the file that is shown."""
        return self.hit.start_line + self.lines - 1 if self.detail is _Detail.CODE else 0

    def _left_out(self) -> int:
        """Lines at the end that are not shown."""
        return len(self.source) - self.lines


def _fill(hits: Sequence[_Shown], frame: _Cost, budget: Budget) -> list[_Shown]:
    """Give each hit the detail that there is room for, and return those that have any.

    What had no room for one hit is tried for no worse one, even if that is shorter.
    """
    shown: list[_Shown] = []
    spent = frame
    code_fits, signature_fits = budget.snippet_lines != 0, True
    for rank, entry in enumerate(hits):
        if code_fits and (not rank or entry.likelihood >= _CODE_FROM) and not _is_shown(entry, shown):
            share = 1.0 if len(hits) == 1 else _LARGEST_SHARE_OF_OTHERS if rank else _LARGEST_SHARE
            most = _SHARE_OF_CODE if rank < len(hits) - 1 else 1.0
            code_fits = _fit_code(entry, spent, share * budget.tokens, most * budget.tokens)
        declared = entry.detail is not _Detail.CODE and entry.likelihood >= _DECLARATION_FROM
        if declared and signature_fits:
            entry.detail = _Detail.SIGNATURE
            signature_fits = (spent + entry.cost()).within(budget.tokens)
        if entry.detail is not _Detail.CODE and not signature_fits:
            entry.detail = _Detail.NAME
        spent += entry.cost()
        if not spent.within(budget.tokens):
            break
        shown.append(entry)
    return shown


def _fit_code(entry: _Shown, spent: _Cost, own: float, most: float) -> bool:
    """Show as many lines of a hit as there is room for.

    Args:
        entry: The hit; it is left as it was where the room is too little for any of its code to say something.
        spent: Tokens before.
        own: Tokens that the hit may take.
        most: Tokens that may be spent with it.

    Returns:
        Whether its code is shown.
    """
    before = entry.detail
    entry.detail = _Detail.CODE

    def fits(lines: int) -> bool:
        entry.lines = lines
        cost = entry.cost()
        return cost.within(own) and (spent + cost).within(most)

    low, high = 0, entry.most_lines  # the most lines that fit lie between the two
    if fits(high):
        low = high
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    if not low or low < min(_FEWEST_LINES, entry.most_lines):
        entry.detail, entry.lines = before, entry.most_lines
        return False
    entry.lines = low
    return True


def _is_shown(entry: _Shown, better: Sequence[_Shown]) -> bool:
    """Whether the lines of a hit are among those of a better one: a method of a class that is shown."""
    hit = entry.hit
    return any(
        (other.hit.root, other.hit.path) == (hit.root, hit.path)
        and other.hit.start_line <= hit.start_line
        and hit.end_line <= other.last_line()
        for other in better
    )


def _likelihoods(hits: Sequence[Hit]) -> list[float]:
    """How probable each hit is beside the most probable one; as much as that where nobody knows."""
    best = max((hit.probability for hit in hits if hit.probability is not None), default=0.0)
    return [1.0 if hit.probability is None or not best else hit.probability / best for hit in hits]


def _markdown(notes: Sequence[str], shown: Sequence[_Shown], left_out: int) -> str:
    """The whole answer as Markdown: code, then the other hits by their files, each file where its best hit is."""
    parts = [f"{note}\n" for note in notes]
    files: dict[str, list[str]] = {}
    for entry in shown:
        if entry.detail is _Detail.CODE:
            parts.append(entry.markdown())
        else:
            files.setdefault(entry.heading(), []).append(entry.markdown())
    for heading, lines in files.items():
        parts += [heading, *lines]
    if left_out:
        parts.append(f"... {left_out} more hits: raise max_tokens or narrow the question\n")
    return "".join(parts)


def _json(answer: Answer, notes: Sequence[str], shown: Sequence[_Shown], left_out: int) -> ToolAnswer:
    """The whole answer as JSON."""
    return {
        "hits": [entry.json() for entry in shown],
        "confident": answer.confident,
        "notes": list(notes),
        "hits_left_out": left_out,
        "index": {"state": answer.state, "functions": answer.functions, "pending": answer.pending},
    }


def _frame_cost(answer: Answer, notes: Sequence[str], hits: int) -> _Cost:
    """What an answer costs beside its hits, with as many left out as there can be."""
    return _Cost(count_tokens(_markdown(notes, (), hits)), count_tokens(_dumped(_json(answer, notes, (), hits))))


def _dumped(value: object) -> str:
    """JSON as it is sent."""
    return json.dumps(value, ensure_ascii=False)


def _lines(source: str) -> list[str]:
    """The lines of a source exactly as they are, without empty ones at the end."""
    lines = printable(source.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _probability(hit: Hit) -> float | None:
    """How probable it is that the hit answers, in whole per cent; None where nobody knows."""
    return None if hit.probability is None else min(_MOST_CERTAIN, round(float(hit.probability), 2))


def _certainty(hit: Hit) -> str:
    """The same in words, as they follow the name."""
    probability = _probability(hit)
    return "" if probability is None else f" ({probability:.0%})"


def _tag(language: str) -> str:
    """What a fence says about the language."""
    from cascode import editor_language

    return editor_language(language)


def _cut(text: str, longest: int) -> str:
    """A text that is not longer than it may be."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
