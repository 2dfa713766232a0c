"""Make the README's pictures from the screenshots that the window tests took. Needs Pillow; run by hand after them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURES = {"search": "search-dark", "results": "results-light", "status": "status-light"}
COLOURS = 128  # text stays sharp, and a picture takes a third of the space


def main() -> None:
    """Reduce and copy the screenshots."""
    target = ROOT / "media" / "pictures"
    target.mkdir(exist_ok=True)
    for name, screenshot in PICTURES.items():
        with Image.open(ROOT / "test" / "window" / "screenshots" / f"{screenshot}.png") as picture:
            picture.convert("RGB").quantize(COLOURS).save(target / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
