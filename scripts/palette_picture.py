"""Writes docs/pictures/palette.webp from the frames that vscode-extension/test/window/palette.mjs took.

Usage: python scripts/palette_picture.py FOLDER
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "palette.webp"
#: What a reader of the first page is to wait for at most.
MOST_BYTES = 2_000_000


def main(folder: Path) -> None:
    """Join the frames of a folder."""
    frames = list(distinct(composed(folder, json.loads((folder / "frames.json").read_text(encoding="utf-8")))))
    save(frames, PICTURE)
    size = PICTURE.stat().st_size
    print(f"{PICTURE}: {size} bytes, {len(frames)} frames, {sum(ms for _, ms in frames) / 1000:.1f} s")
    if size >= MOST_BYTES:
        sys.exit(f"{PICTURE} is larger than {MOST_BYTES} bytes")


def composed(folder: Path, notes: list[dict[str, Any]]) -> Iterator[tuple[Image.Image, int]]:
    """Lay each part over the frame before it.

    Args:
        folder: Holds the pictures.
        notes: Of each frame its `file`, `ms` for which it stands, and the pixel `x`, `y` of its corner.

    Yields:
        Whole frames with the milliseconds for which they stand.
    """
    whole: Image.Image | None = None
    for note in notes:
        with Image.open(folder / note["file"]) as taken:
            part = taken.convert("RGB")
        whole = part if whole is None else whole.copy()
        whole.paste(part, (note["x"], note["y"]))
        yield whole, note["ms"]


def distinct(frames: Iterable[tuple[Image.Image, int]]) -> Iterator[tuple[Image.Image, int]]:
    """Join frames that show the same: the first stands for the time of all."""
    shown: tuple[Image.Image, int] | None = None
    for image, ms in frames:
        if shown is None:
            shown = image, ms
        elif shown[0].tobytes() == image.tobytes():
            shown = shown[0], shown[1] + ms
        else:
            yield shown
            shown = image, ms
    if shown is not None:
        yield shown


def save(frames: list[tuple[Image.Image, int]], path: Path) -> None:
    """Write frames as a WebP that loops. Without loss: letters stay sharp, and plain areas take next to nothing."""
    (first, *others), times = [image for image, _ in frames], [ms for _, ms in frames]
    # Of 0 to 6 and of 0 to 100, the most effort: this is done once for everybody who reads the page.
    effort = {"method": 6, "quality": 100, "minimize_size": True}
    first.save(path, "WEBP", save_all=True, append_images=others, duration=times, loop=0, lossless=True, **effort)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
