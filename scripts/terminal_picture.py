"""Writes docs/pictures/terminal.svg: a search of click's sources as a terminal shows it, by the program as it is.

The picture moves by CSS alone: the command is typed, and the answer comes after the time that the program computed for
it. Who asks a browser for less motion sees the last state.
"""

from __future__ import annotations

import os
import pty
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from string import Template

import click
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "terminal.svg"
COMMAND = ["cascode", "search", "ask the user a yes or no question", "--limit", "3"]
#: Wide enough for every line of the answer, and read on a telephone all the same.
COLUMNS, LINES = 96, 60
#: The answer takes the least of these: what else the machine does only adds to it.
RUNS = 5
#: Seconds: an empty prompt, a key of someone who types steadily, the answer coming, standing to be read, and going.
PROMPT, KEY, COME, READ, GO = 0.6, 0.05, 0.1, 6.0, 0.4
#: Pixels of a character and of a line in Rich's pictures: its size of letters is 20, their shape 0.61, a line 1.22.
CHARACTER, LINE = 12.2, 24.4

#: Every colour can be read on the ground, which Rich's own green cannot.
GROUND, INK = (40, 44, 52), (220, 223, 228)
RED, GREEN, YELLOW = (224, 108, 117), (152, 195, 121), (229, 192, 123)
BLUE, MAGENTA, CYAN = (97, 175, 239), (198, 120, 221), (86, 182, 194)
THEME = TerminalTheme(GROUND, INK, [GROUND, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, INK])

#: What Rich fills in stands in braces, what is ours after a dollar. Its own template knows no motion, and names fonts
#: of another host, which nobody who reads a page is to be made to ask.
TEMPLATE = Template("""\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px "Fira Code", ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}}
.{unique_id}-title {{ font: bold 18px arial, sans-serif; }}
{styles}
.typing {{ visibility: hidden; }}
@media (prefers-reduced-motion: no-preference) {{
  .typing {{ visibility: visible; }}
  .typing > g {{ animation: type ${total}s infinite; }}
  .typing rect.cursor {{ animation: leave ${total}s infinite; }}
  .answer, text[clip-path]:not([clip-path$$="line-0)"]) {{ animation: come ${total}s infinite; }}
}}
@keyframes type {{
  0%, ${prompt}% {{ transform: translateX(0); animation-timing-function: steps($keys); }}
  ${typed}%, 100% {{ transform: translateX(${typed_width}px); }}
}}
@keyframes leave {{ 0%, ${answered}% {{ opacity: 1; }} ${shown}%, 100% {{ opacity: 0; }} }}
@keyframes come {{ 0%, ${answered}% {{ opacity: 0; }} ${shown}%, ${going}% {{ opacity: 1; }} 100% {{ opacity: 0; }} }}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
<g class="typing" transform="translate($after_prompt, 2)"><g>
<rect width="$hidden" height="$line" fill="$ground"/>
<rect class="cursor" width="$character" height="$line" fill="$ink"/>
</g></g>
<rect class="answer" x="$after_prompt" y="$last" width="$character" height="$line" fill="$ink"/>
</g>
</svg>
""")


def main() -> None:
    """Index, ask in a terminal, draw what it shows."""
    with tempfile.TemporaryDirectory(prefix="cascode-picture-") as folder:
        workspace = Path(folder) / "click"
        shutil.copytree(Path(click.__file__).parent, workspace, ignore=shutil.ignore_patterns("__pycache__"))
        os.chdir(workspace)
        os.environ["CASCODE_INDEX_DIR"] = f"{folder}/index"
        os.environ |= {"COLUMNS": str(COLUMNS), "LINES": str(LINES)}
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        program = str(Path(sys.executable).with_name("cascode"))
        in_terminal([program, "index"])
        runs = [in_terminal([program, *COMMAND[1:]]) for _ in range(RUNS)]
    seconds = min(seconds for _, seconds in runs)
    PICTURE.write_text(draw(runs[-1][0], seconds), encoding="utf-8")
    # Standard output has what the program printed.
    print(f"{PICTURE}: {PICTURE.stat().st_size} bytes, the answer after {seconds:.2f} s", file=sys.stderr)


def draw(shown: str, seconds: float) -> str:
    """Draw a command that is typed, and what a terminal was sent for it.

    Args:
        shown: Text and escape sequences, as the terminal took them.
        seconds: From the end of the command to the answer.

    Returns:
        An SVG that moves without a script and needs no other file.
    """
    asked = " ".join(word if word.isalnum() or word.startswith("-") else f'"{word}"' for word in COMMAND)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(f"[bold green]$[/] {asked}")
        console.print(Text.from_ansi(shown), end="")
        console.print("[bold green]$[/]")
    last = len(console.export_text(clear=False).splitlines()) - 1
    motion = moving(len(asked), last, seconds)
    svg = console.export_svg(title="cascode search", theme=THEME, code_format=motion, unique_id="t")
    # Rich ends each line by a text of its own.
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def moving(keys: int, last: int, seconds: float) -> str:
    """Fill in the motion, with its times as CSS counts them, in hundredths of the whole.

    Args:
        keys: Characters of the command.
        last: Number of the line, from 0, on which the next prompt stands.
        seconds: From the end of the command to the answer.

    Returns:
        A template as `Console.export_svg` takes it.
    """
    times = {"prompt": PROMPT, "typed": keys * KEY, "answered": seconds, "shown": COME, "going": READ, "total": GO}
    at, ends = 0.0, {}
    for name, lasts in times.items():
        at += lasts
        ends[name] = at
    total = ends.pop("total")
    return TEMPLATE.substitute(
        {name: f"{100 * end / total:.2f}" for name, end in ends.items()},
        total=f"{total:.2f}",
        keys=keys,
        typed_width=f"{keys * CHARACTER:.1f}",
        hidden=f"{keys * CHARACTER + 1:.1f}",
        after_prompt=f"{2 * CHARACTER:.1f}",
        last=f"{last * LINE + 2:.1f}",
        character=CHARACTER,
        line=LINE,
        ground="rgb({},{},{})".format(*GROUND),
        ink="rgb({},{},{})".format(*INK),
    )


def in_terminal(command: list[str]) -> tuple[str, float]:
    """Run a command in a terminal of its own.

    Args:
        command: The program and its arguments.

    Returns:
        What it printed, and the seconds of processor time that it took: on an idle machine it waits for nothing else,
        and on a busy one the clock shows the others.
    """
    seen: list[bytes] = []

    def read(descriptor: int) -> bytes:
        data = os.read(descriptor, 65536)
        seen.append(data)
        return data

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status = pty.spawn(command, read)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return b"".join(seen).decode().replace("\r\n", "\n"), computed


if __name__ == "__main__":
    main()
