"""Writes docs/pictures/terminal.svg: a search of click's sources as a terminal shows it, by the program as it is."""

from __future__ import annotations

import os
import pty
import re
import shutil
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "terminal.svg"
COMMAND = ["cascode", "search", "ask the user a yes or no question", "--limit", "3"]
#: Wide enough for every line of the answer, and read on a telephone all the same.
COLUMNS, LINES = 96, 60


def main() -> None:
    """Index, ask in a terminal, draw what it shows."""
    with tempfile.TemporaryDirectory(prefix="cascode-picture-") as folder:
        workspace = Path(folder) / "click"
        shutil.copytree(Path(click.__file__).parent, workspace, ignore=shutil.ignore_patterns("__pycache__"))
        os.chdir(workspace)
        os.environ.setdefault("CASCODE_INDEX_DIR", f"{folder}/index")
        os.environ |= {"COLUMNS": str(COLUMNS), "LINES": str(LINES)}
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        program = str(Path(sys.executable).with_name("cascode"))
        in_terminal([program, "index"])
        shown = in_terminal([program, *COMMAND[1:]])
    draw(shown)


def draw(shown: str) -> None:
    """Draw the command and what a terminal was sent for it."""
    asked = " ".join(word if word.isalnum() or word.startswith("-") else f'"{word}"' for word in COMMAND)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(f"[bold green]$[/] {asked}")
        console.print(Text.from_ansi(shown))
    # The fonts that Rich names lie on another host, which nobody who reads a page is to be made to ask.
    svg = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="cascode search"), flags=re.DOTALL)
    PICTURE.write_text(svg, encoding="utf-8")
    print(f"{PICTURE}: {PICTURE.stat().st_size} bytes")


def in_terminal(command: list[str]) -> str:
    """Run a command in a terminal of its own; return what it printed."""
    seen: list[bytes] = []

    def read(descriptor: int) -> bytes:
        data = os.read(descriptor, 65536)
        seen.append(data)
        return data

    status = pty.spawn(command, read)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return b"".join(seen).decode().replace("\r\n", "\n")


if __name__ == "__main__":
    main()
