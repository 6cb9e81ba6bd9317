"""Lettering of the picture: any script in names, and text that fits the room it has."""

from functools import lru_cache
from typing import Any, Final

FAMILIES: Final = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Arial Unicode MS",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "IPAGothic",
    "Symbola",
)
"""Fonts to look for, in this order. The first comes with matplotlib, so that there is always one."""
UNKNOWN_SIGN: Final = "▯"
"""Stands for a sign that no font at hand can draw: better a box than a warning or nothing."""


@lru_cache(maxsize=1)
def installed_families() -> tuple[str, ...]:
    """Those of FAMILIES that are there."""
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return tuple(family for family in FAMILIES if family in there)


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    from matplotlib import font_manager

    signs: set[int] = set()
    for family in installed_families():
        path = font_manager.findfont(font_manager.FontProperties(family=family))
        signs.update(font_manager.get_font(path).get_charmap())
    return frozenset(signs)


def drawable(text: str) -> str:
    """The text with signs that no font at hand has replaced; joiners and variation selectors are left out."""
    known = _drawable()
    signs = (sign for sign in text if not ("\ufe00" <= sign <= "\ufe0f" or "\u200b" <= sign <= "\u200f"))
    return "".join(sign if ord(sign) in known else UNKNOWN_SIGN for sign in signs)


class Fitter:
    """Cuts text to a width in pixels, as it would be drawn on one figure."""

    def __init__(self, figure: Any) -> None:
        self._renderer = figure.canvas.get_renderer()

    def width(self, text: str, *, size: float, weight: str = "normal") -> float:
        """Width of a line of text [pixels]."""
        from matplotlib.font_manager import FontProperties

        properties = FontProperties(family=list(installed_families()), size=size, weight=weight)
        return float(self._renderer.get_text_width_height_descent(text, properties, ismath=False)[0])

    def fit(self, text: str, room_pixels: float, *, size: float, weight: str = "normal", least: int = 3) -> str:
        """The text, else its beginning with an ellipsis; empty where not even `least` signs of it would fit."""
        text = drawable(text)
        if self.width(text, size=size, weight=weight) <= room_pixels:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle].rstrip() + "…", size=size, weight=weight) <= room_pixels:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…" if low >= least else ""
