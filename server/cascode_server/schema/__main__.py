"""``python -m cascode_server.schema``: writes the generated files of this repository."""

from __future__ import annotations

import sys
from pathlib import Path

from cascode_server.schema import render


def main(root: Path) -> None:
    """Write what is not current.

    Args:
        root: Root of the repository.
    """
    for path, text in render.files().items():
        file = root / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"wrote {path}")  # noqa: T201  a development command


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
