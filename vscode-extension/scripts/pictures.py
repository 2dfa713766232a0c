"""Make the README's pictures from the screenshots that the window tests took: a part of `make pictures`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
WHOLE = (0, 0, 1280, 800)
# The state of the index without the lines below it, which name folders of the machine that ran the tests.
PICTURES = {
    "search": ("search-dark", WHOLE),
    "results": ("results-dark", WHOLE),
    "status": ("status-light", (336, 28, 946, 267)),
}
COLOURS = 256  # text stays sharp, icons keep their colours, and a picture takes a third of the space


def main() -> None:
    """Cut, reduce and copy the screenshots."""
    target = ROOT / "media" / "pictures"
    target.mkdir(exist_ok=True)
    for name, (screenshot, part) in PICTURES.items():
        with Image.open(ROOT / "test" / "window" / "screenshots" / f"{screenshot}.png") as picture:
            reduced = picture.convert("RGB").crop(part).quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=2)
            reduced.save(target / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
