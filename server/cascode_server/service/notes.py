"""What a list of hits does not say itself, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascode import Answer


def notes_of(answer: Answer, *, narrowed: bool = False) -> list[str]:
    """Return one line for each thing that whoever reads the answer should know.

    Args:
        answer: The answer.
        narrowed: Whether languages, kinds or paths were asked for.
    """
    notes = []
    if not answer.hits and answer.functions:
        reason = "; none may match the given language, kind or path" if narrowed else ""
        noun = "definition" if answer.functions == 1 else "definitions"
        notes.append(f"no hits among {answer.functions:,} {noun}{reason}")
    elif answer.hits and not answer.confident:
        notes.append("nothing matches well; these are the closest definitions")
    if answer.pending:
        notes.append(
            f"still indexing: {answer.pending:,} of {answer.functions:,} definitions have no vector yet "
            f"and match by words only"
        )
    if answer.dropped:
        notes.append(f"{answer.dropped:,} left out: the file changed since it was indexed")
    if answer.team_note:
        notes.append(answer.team_note)
    return notes
