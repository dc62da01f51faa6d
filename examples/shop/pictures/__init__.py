"""Product pictures: drawn as SVG from the kind of thing and its colour, so that the shop needs no image files."""

from typing import NamedTuple

from markupsafe import Markup

from examples.shop.pictures.goods import GOODS
from examples.shop.pictures.wear import WEAR

SHAPES = {**WEAR, **GOODS}


class Palette(NamedTuple):
    base: str
    dark: str
    light: str
    ground: str
    """The background behind the thing."""


PALETTES = {
    "black": Palette("#3b3f46", "#23262b", "#5d636d", "#eceef0"),
    "white": Palette("#fbfaf7", "#cfccc3", "#ffffff", "#e6ebe7"),
    "grey": Palette("#9aa1a9", "#737a83", "#c3c8ce", "#eef0f1"),
    "navy": Palette("#3d5278", "#283a59", "#6a80a8", "#e9edf4"),
    "blue": Palette("#7fa6c9", "#52799f", "#b3cde3", "#ebf1f6"),
    "green": Palette("#7fa38a", "#557a62", "#b4ccba", "#ebf2ec"),
    "beige": Palette("#d8c3a0", "#ae9670", "#ebdfc9", "#f6f1e7"),
    "brown": Palette("#a47b5b", "#775438", "#ccac92", "#f4ece5"),
    "red": Palette("#c4605a", "#94403c", "#e0988f", "#f8ebe8"),
    "pink": Palette("#e2a5ab", "#bb7780", "#f2d0d3", "#faf0f0"),
    "yellow": Palette("#e3bd63", "#b58f39", "#f2dca3", "#faf4e3"),
}


def draw(kind: str, colour: str) -> Markup:
    """One `<svg>` of 200 by 200 units, decorative: the name stands beside it."""
    palette = PALETTES[colour]
    shape = SHAPES[kind].format(**palette._asdict())
    return Markup(  # noqa: S704 - only our own shapes and colours
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" aria-hidden="true">'
        f'<rect width="200" height="200" fill="{palette.ground}"/>'
        '<ellipse cx="100" cy="169" rx="60" ry="6" fill="#1f2a24" opacity=".08"/>'
        f"{shape}</svg>"
    )
