"""The pictures that the README opens with: they move, they are small, and they show nothing but the program."""

from __future__ import annotations

import re
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PALETTE = ROOT / "docs/pictures/palette.webp"
TERMINAL = ROOT / "docs/pictures/terminal.svg"
#: What a text alternative says at least: a few words, not a name.
SPOKEN = 40
PALETTE_SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts/palette_picture.py"))


@pytest.fixture(scope="module")
def frames() -> list[tuple[float, int]]:
    """Of each frame of the palette its mean lightness, 0 to 255, and how long it stands, ms."""
    seen = []
    with Image.open(PALETTE) as picture:
        for number in range(picture.n_frames):
            picture.seek(number)
            lightness = ImageStat.Stat(picture.convert("L").reduce(8)).mean[0]
            seen.append((lightness, picture.info["duration"]))
    return seen


def test_the_palette_moves_and_loads_quickly() -> None:
    """It is an animation under two megabytes that begins again by itself, sharp on fine screens."""
    with Image.open(PALETTE) as picture:
        assert (picture.format, picture.is_animated, picture.info["loop"]) == ("WEBP", True, 0)
        assert picture.n_frames > 20
        assert picture.width >= 1600
    assert PALETTE.stat().st_size < 2_000_000


def test_the_palette_takes_no_patience(frames: list[tuple[float, int]]) -> None:
    """About ten seconds; the first letter comes soon, and the end can be read."""
    times = [ms for _, ms in frames]
    assert 8_000 <= sum(times) <= 13_000
    assert sum(times[:2]) <= 1_500
    assert times[-1] >= 2_000


def test_the_palette_does_not_flash(frames: list[tuple[float, int]]) -> None:
    """No frame is lighter or darker than the one before by a tenth, over the end of the loop, too."""
    light = [lightness for lightness, _ in frames]
    assert all(abs(before - after) < 25 for before, after in zip(light, light[1:] + light[:1], strict=True))


def test_the_readme_opens_with_both() -> None:
    """They stand before the first heading, with what they show in words, and a still for who asks for less motion."""
    opening = README.partition("\n## ")[0]
    palette = re.search(r'<img src="docs/pictures/palette\.webp" alt="([^"]+)"', opening)
    terminal = re.search(r"!\[([^\]]+)\]\(docs/pictures/terminal\.svg\)", opening)
    still = re.search(r'<source media="\(prefers-reduced-motion: reduce\)" srcset="([^"]+\.png)">', opening)
    assert palette is not None
    assert terminal is not None
    assert still is not None
    assert min(len(palette[1]), len(terminal[1])) > SPOKEN
    assert (ROOT / still[1]).is_file()
    assert README.count("\n") < 150


def test_the_terminal_moves_by_itself_alone() -> None:
    """It needs no script, no font and no file of another place, and shows no folder of the machine that made it."""
    svg = TERMINAL.read_text(encoding="utf-8")
    assert len(svg) < 150_000
    assert {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()} <= {
        *("svg", "style", "defs", "clipPath", "rect", "circle", "text", "g")
    }
    assert re.findall(r"https?://[^\"' ]+", svg) == ["http://www.w3.org/2000/svg"]
    assert re.findall(r"url\((?!#)|@import|/(?:home|root|tmp|Users|private)\b", svg) == []
    named = set(re.findall(r"animation: (\w+)", svg))
    assert named == set(re.findall(r"@keyframes (\w+)", svg)) != set()


def test_the_terminal_rests_where_motion_is_not_wanted() -> None:
    """All motion stands under a media query; without it the last state is shown."""
    style = TERMINAL.read_text(encoding="utf-8").partition("</style>")[0]
    before, _, after = style.partition("@media (prefers-reduced-motion: no-preference) {")
    assert "animation" not in before
    assert "opacity" not in before
    inside, _, behind = after.partition("\n}\n")
    assert "animation: come" in inside
    assert re.findall(r"animation: ", behind) == []


def test_a_terminal_is_drawn_from_what_it_was_sent() -> None:
    """Text and colours are the program's, and the answer comes as late as is said."""
    pytest.importorskip("termios", reason="the script asks in a terminal of its own, which Windows has not")
    script = runpy.run_path(str(ROOT / "scripts/terminal_picture.py"))
    svg = script["draw"]("\x1b[32mtermui.py:1-2\x1b[0m found\nand more\n\n", 1.25)
    shown = ["".join(element.itertext()).replace("\xa0", " ") for element in ET.fromstring(svg).iter() if element.text]
    for text in ("termui.py:1-2", " found", "and more"):
        assert text in shown
    total = float(re.findall(r"type ([\d.]+)s", svg)[0])
    typed, answered = (
        float(re.findall(pattern, svg)[0]) for pattern in (r"steps\(\d+\); }\n  ([\d.]+)%", r"leave \{ 0%, ([\d.]+)%")
    )
    assert (answered - typed) / 100 * total == pytest.approx(1.25, abs=0.01)


def test_parts_are_laid_over_the_frame_before(tmp_path: Path) -> None:
    """A part changes its corner alone; frames that show the same become one that stands as long as they all."""
    Image.new("RGB", (8, 6), "black").save(tmp_path / "0.png")
    Image.new("RGB", (2, 2), "red").save(tmp_path / "1.png")
    notes = [
        {"file": "0.png", "ms": 100, "x": 0, "y": 0},
        {"file": "1.png", "ms": 50, "x": 4, "y": 2},
        {"file": "1.png", "ms": 70, "x": 4, "y": 2},
        {"file": "0.png", "ms": 300, "x": 0, "y": 0},
    ]
    frames = list(PALETTE_SCRIPT["distinct"](PALETTE_SCRIPT["composed"](tmp_path, notes)))
    assert [ms for _, ms in frames] == [100, 120, 300]
    PALETTE_SCRIPT["save"](frames, tmp_path / "moving.webp")
    with Image.open(tmp_path / "moving.webp") as picture:
        picture.seek(1)
        shown = picture.convert("RGB")
        assert picture.info["duration"] == 120
    assert [shown.getpixel(at) for at in ((4, 2), (5, 3), (3, 2), (6, 4))] == [(255, 0, 0)] * 2 + [(0, 0, 0)] * 2
