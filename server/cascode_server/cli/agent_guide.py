"""``cascode agent-guide``."""

from __future__ import annotations

import click

from cascode_server.cli.base import Command

#: A skill file: its head is read in every conversation, the rest when the skill is used.
GUIDE = """\
---
name: cascode
description: Find code by what it does, in plain words or by a pasted error, before grepping or reading files for \
something whose name you do not know. Offline and fast.
---

# Find code with cascode

Ask for behaviour; the answer is code with exact lines, best first:

    cascode search "where do we retry a failed upload" --format markdown

- Ask one thing, in a sentence, as you would ask a colleague. Names help where you know them.
- Pipe an error or a traceback in as it is: `pytest 2>&1 | cascode search --format markdown`
- The answer costs 4,000 tokens at most. `--max-tokens 1500` for less, `--snippet-lines 0` for declarations alone,
  `--limit 5` for fewer hits.
- Narrow it where you can: `--path 'src/**'`, `--path '!tests/'`, `--language python`, `--kind class`.
- Like code that you have: `cascode similar src/upload.py:42 --format markdown`. Look before you write: what you need
  may be there, and how it is done here certainly is.
- "nothing matches well" means that the code is probably not there: ask in other words once, then stop.
- For a string that you know exactly use `rg`: it finds all places, cascode the best ones.

Exit status: 0 with hits, 1 without, 2 after an error, which is one line on stderr. The first search of a workspace
indexes it; later ones read what changed. Nothing of the workspace is written to.
"""


@click.command("agent-guide", cls=Command)
def command() -> None:
    """Print a skill file: how an agent searches with this program.

    \b
    mkdir -p .claude/skills/cascode && cascode agent-guide > .claude/skills/cascode/SKILL.md
    cascode agent-guide >> AGENTS.md
    """
    click.echo(GUIDE, nl=False)
