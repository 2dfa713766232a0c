"""``cascode eval agent``: tokens that an agent reads until it has the right definition, with and without the search."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode_server.cli.base import Command, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.numbers import WholeNumber
from cascode_server.cli.options import FOLDER
from cascode_server.schema.bounds import DEFAULT_TOKENS, LEAST_TOKENS, MOST_TOKENS
from cascode_server.service.budget import Budget, Found, within_budget
from cascode_server.service.tokens import count_tokens

if TYPE_CHECKING:
    from cascode import Engine
    from cascode_lab.agents.reading import Context
    from cascode_lab.ranking.types import QuestionSet


@click.command("agent", cls=Command, short_help="Measure what the search saves an agent.")
@click.option("--history", type=FOLDER, metavar="DIR", help="What 'cascode train mine --history' wrote.")
@click.option("--written", type=FOLDER, metavar="DIR", help="Questions written by hand: benchmarks/questions.")
@click.option(
    "--clones", type=FOLDER, required=True, metavar="DIR", help="Folder of the clones of the repositories asked about."
)
@click.option("--split", type=click.Choice(["dev", "test"]), default="test", show_default=True, help="Questions asked.")
@click.option("--repository", metavar="OWNER/NAME", help="Only this repository.")
@click.option(
    "--max-tokens",
    type=WholeNumber(LEAST_TOKENS, MOST_TOKENS),
    default=DEFAULT_TOKENS,
    show_default=True,
    metavar="N",
    help="Budget of each answer of search_code.",
)
@click.option(
    "--structured", is_flag=True, help="Count the answer's JSON, which some clients hand their model, not its text."
)
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="JSON lines, one a question.")
@on_interrupt("what was encoded is kept in the cache: the same call goes on")
def agent_command(
    history: Path | None,
    written: Path | None,
    clones: Path,
    split: str,
    repository: str | None,
    max_tokens: int,
    structured: bool,
    model: str | None,
    output: Path | None,
) -> int:
    """Let two scripted agents look for the answers of questions, and count the tokens that they read.

    The questions are mined from histories, or written by hand.

    One has ripgrep alone; the other asks search_code once, reads the places that the answer names without their code
    (the first 60 lines of longer ones, which is all that counts of an answer), and goes on with ripgrep where that was
    in vain. Tokens are counted as those of answers are. Calls cost no tokens here; they are counted beside.
    """
    from cascode import ModelHandle
    from cascode_lab.agents.compare import Compared, Reading, table
    from cascode_lab.agents.grep import grep_until_found
    from cascode_lab.agents.reading import Context, SourceTree
    from cascode_lab.ranking.scratch import scratch_engine

    if history is None and written is None:
        raise click.UsageError("there is nothing to ask: give --history or --written")
    if output is not None:
        _check_writable(output)
    compared: list[Compared] = []
    missing = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cascode-eval-")))
        handle = ModelHandle(model)
        for questions in _sets(history, written, clones, split, folder, repository):
            tree = SourceTree(questions.root)
            with scratch_engine(questions.root, handle) as engine:
                engine.update()
                for question in questions.questions:
                    wanted = tree.spans_of(question.answers)
                    if not wanted:
                        missing += 1
                        continue
                    grep, search = (Context(tree.files, wanted, count_tokens) for _ in range(2))
                    grep_until_found(question.query, tree.files, grep)
                    _search(question.query, engine, search, max_tokens, structured=structured)
                    grep_until_found(question.query, tree.files, search)
                    readings = (Reading(each.tokens, each.found, each.calls) for each in (grep, search))
                    compared.append(Compared(questions.name, question.query, *readings))
            note(f"{questions.name}: {len(questions.questions)} questions asked")
    if missing:
        note(f"{missing:,} not asked: their answers are not among the definitions of the revision")
    click.echo(table(compared))
    if output is not None:
        lines = [
            {
                "repository": question.repository,
                "query": question.query,
                "ripgrep": asdict(question.grep),
                "search_code": asdict(question.search),
            }
            for question in compared
        ]
        output.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return 0


def _check_writable(output: Path) -> None:
    """Refuse a file that cannot be written before minutes are spent on what goes into it."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.open("a").close()
    except OSError as error:
        raise click.UsageError(f"Cannot write {output} ({error.strerror}): give --output another file.") from error


def _sets(
    history: Path | None, written: Path | None, clones: Path, split: str, folder: Path, repository: str | None
) -> Iterator[QuestionSet]:
    """The sets of questions that were named; each repository's files are written just before."""
    from cascode_lab.ranking.sets import check_names, history_sets, written_sets

    only = [repository] if repository else []
    check_names(only, split, written=written, history=history)
    if history is not None:
        yield from history_sets(history, clones, split, folder, only=only)
    if written is not None:
        yield from written_sets(written, clones, split, folder, only=only)


def _search(query: str, engine: Engine, context: Context, max_tokens: int, *, structured: bool) -> None:
    """Ask search_code, and read what its answer names without showing it, the best first."""
    from cascode import SearchRequest
    from cascode_lab.agents.reading import ENOUGH_LINES, Span

    answer = engine.search(SearchRequest(query))
    found = [Found(hit, hit.path, engine.snippet(hit)) for hit in answer.hits]
    given = within_budget(answer, found, Budget(max_tokens))
    shown = []
    for hit in given.json["hits"]:
        if "code" in hit:
            last = hit["end_line"] - hit.get("lines_left_out", 0)
            shown.append(Span(hit["path"], hit["start_line"], last))
    context.hear(json.dumps(given.json, ensure_ascii=False) if structured else given.markdown, shown)
    for hit in given.json["hits"]:
        if context.ended():
            return
        last = min(hit["end_line"], hit["start_line"] + ENOUGH_LINES - 1)
        context.read(Span(hit["path"], hit["start_line"], last))
