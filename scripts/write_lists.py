"""Write the lists of languages and kinds that clients and documents hold: `make generate`.

The languages are described in indexer/cascode_indexer/extract/languages, the kinds in cascode_indexer.types.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from cascode_indexer.extract import SPECS
from cascode_indexer.extract.facts import FACTS_FILE, facts_of
from cascode_indexer.extract.languages import read_specs
from cascode_indexer.types import KIND_GROUPS, Kind

ROOT = Path(__file__).parents[1]
_NOTE = "Written by `make generate` from the server's own lists."
_EDITOR_IDS = [name for spec in SPECS.values() for name in spec.editor_ids]
_NAMES = [spec.name for spec in SPECS.values()]
_SENTENCE = f"{', '.join(_NAMES[:-1])} and {_NAMES[-1]}"


def lists() -> dict[Path, str]:
    """Return what the files with lists in them hold, by their path."""
    return {
        FACTS_FILE: _facts(),
        ROOT / "vscode-extension/src/lists.ts": _typescript(),
        ROOT / "neovim/lua/cascode/lists.lua": _lua(),
        **{
            ROOT / name: _replace_between(
                ROOT / name, r"(<!-- languages -->)[^<]*(<!-- end of languages -->)", _SENTENCE
            )
            for name in ("README.md", "vscode-extension/media/walkthrough/folder.md")
        },
        ROOT / "vscode-extension/package.json": _replace_between(
            ROOT / "vscode-extension/package.json", r"(editorLangId =~ /\^\()[^)]*(\)\$/)", "|".join(_EDITOR_IDS)
        ),
    }


def _facts() -> str:
    """What the indexer knows of languages before it reads a file of them, one language a line."""
    rows = ",\n".join(f" {json.dumps(facts_of(spec))}" for spec in read_specs())
    return f"[\n{rows}\n]\n"


def _typescript() -> str:
    """The extension's lists."""
    names = "\n".join(f"  [{json.dumps(spec.id)}, {json.dumps(spec.name)}]," for spec in SPECS.values())
    return f"""// {_NOTE}

// Maps: an object has a "constructor" of its own.

/** Languages that are indexed, as the server names them, with the names that people know. */
export const LANGUAGES: ReadonlyMap<string, string> = new Map([
{names}
]);

/** What VS Code calls those languages; documents of these are sent to the server while they are edited. */
export const EDITOR_LANGUAGES: readonly string[] = [
{_rows(_EDITOR_IDS)}
];

/** The kinds of definitions that the index distinguishes. */
export const KINDS: readonly string[] = [
{_rows([kind.value for kind in Kind])}
];

/** What a kind of several means as a filter. */
export const KIND_GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
{_groups()}
]);
"""


def _groups() -> str:
    """Kinds that stand for several, each with what it stands for."""
    return "\n".join(
        f"  [{json.dumps(word)}, [\n{_rows([kind.value for kind in Kind if kind in kinds], indent=4)}\n  ]],"
        for word, kinds in KIND_GROUPS.items()
    )


def _lua() -> str:
    """The lists that `:Cascode` completes from."""
    return f"""-- {_NOTE}
return {{
  lang = {{
{_rows(sorted(SPECS), indent=4)}
  }},
  kind = {{
{_rows(sorted(kind.value for kind in Kind), indent=4)}
  }},
}}
"""


def _rows(values: list[str], indent: int = 2) -> str:
    """Quoted values, one a line."""
    return "\n".join(f"{' ' * indent}{json.dumps(value)}," for value in values)


def _replace_between(path: Path, pattern: str, text: str) -> str:
    """A file's text with what stands between two marks replaced."""
    new, count = re.subn(pattern, lambda match: match[1] + text + match[2], path.read_text(encoding="utf-8"))
    if not count:
        raise SystemExit(f"{path} has no place for the list: nothing in it matches {pattern}")
    return new


if __name__ == "__main__":
    for path, text in lists().items():
        path.write_text(text, encoding="utf-8")
