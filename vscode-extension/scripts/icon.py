"""Draw media/icon.png: three steps of a cascade under a lens. Needs Pillow; run by hand when the icon changes."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

SIZE = 256  # VS Code shows it at 128 and less; twice that is sharp on dense screens
SCALE = 4  # drawn larger and shrunk: smooth edges
NAVY, BLUE = (18, 26, 48), (38, 62, 112)
STEPS = ((120, 196, 255), (132, 232, 208), (255, 206, 112))


def main() -> None:
    """Draw the icon and write it."""
    side = SIZE * SCALE
    ground = Image.new("RGB", (1, side))
    for row in range(side):
        share = row / side
        ground.putpixel((0, row), tuple(round(b + (n - b) * share) for b, n in zip(BLUE, NAVY, strict=True)))
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, side - 1, side - 1), radius=side * 0.22, fill=255)
    icon = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    icon.paste(ground.resize((side, side)), (0, 0), mask)

    def at(value: float) -> int:
        return round(value * side)

    centre, radius, stroke = 0.44, 0.285, 0.05
    glow = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    ImageDraw.Draw(glow).ellipse(
        (at(centre - radius), at(centre - radius), at(centre + radius), at(centre + radius)), fill=(120, 180, 255, 60)
    )
    icon.alpha_composite(glow.filter(ImageFilter.GaussianBlur(at(0.03))))
    draw = ImageDraw.Draw(icon)
    handle = ((0.655, 0.655), (0.82, 0.82))
    draw.line([(at(x), at(y)) for x, y in handle], fill=(240, 245, 255), width=at(0.075))
    for x, y in handle:
        draw.ellipse((at(x - 0.037), at(y - 0.037), at(x + 0.037), at(y + 0.037)), fill=(240, 245, 255))
    draw.ellipse(
        (at(centre - radius), at(centre - radius), at(centre + radius), at(centre + radius)),
        fill=(14, 21, 40),
        outline=(240, 245, 255),
        width=at(stroke),
    )
    for number, (left, right) in enumerate(((0.275, 0.53), (0.335, 0.605), (0.395, 0.545))):
        top = 0.315 + number * 0.098
        draw.rounded_rectangle((at(left), at(top), at(right), at(top + 0.056)), radius=at(0.028), fill=STEPS[number])
    target = Path(__file__).parents[1] / "media" / "icon.png"
    icon.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(target, optimize=True)


if __name__ == "__main__":
    main()
