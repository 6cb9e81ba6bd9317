"""Phrases: dance music moves in 4, 8, 16 and 32 bars, counted from a section's border.

Conventions: bars are numbered from 0 within a track; a border lies at the beginning of the bar with its number.
"""

import math

BEATS_PER_BAR = 4
PHRASE_BARS: tuple[int, ...] = (4, 8, 16, 32)


def bars_to_seconds(bars: float, bpm: float, *, beats_per_bar: int = BEATS_PER_BAR) -> float:
    """How long so many bars last, in seconds."""
    return bars * beats_per_bar * 60.0 / bpm


def seconds_to_bars(seconds: float, bpm: float, *, beats_per_bar: int = BEATS_PER_BAR) -> float:
    """How many bars so many seconds are."""
    return seconds * bpm / 60.0 / beats_per_bar


def snap_bars(bars: float, *, phrase_bars: int = 4, least: int = 4, most: int = 64) -> int:
    """The nearest whole number of phrases, in bars, between `least` and `most`; halfway goes to the shorter.

    Raises ValueError when no multiple of the phrase lies in that range.
    """
    lowest = math.ceil(least / phrase_bars)
    highest = most // phrase_bars
    _check_phrase(phrase_bars)
    if lowest > highest:
        raise ValueError(f"no multiple of {phrase_bars} bars lies between {least} and {most}")
    if not math.isfinite(bars):
        raise ValueError(f"a number of bars is finite, not {bars}")
    phrases = math.ceil(bars / phrase_bars - 0.5)
    return phrase_bars * min(max(phrases, lowest), highest)


def longest_phrase(bars: int) -> int | None:
    """The longest of 32, 16, 8, 4 that divides a stretch without rest; None for stretches that no phrase divides."""
    return next((phrase for phrase in reversed(PHRASE_BARS) if bars > 0 and bars % phrase == 0), None)


def phrase_borders(start_bar: int, end_bar: int, *, phrase_bars: int) -> tuple[int, ...]:
    """The borders of phrases counted from a section's first bar, from `start_bar` to `end_bar`, both included.

    The section's end is a border even where its last phrase is cut short.
    """
    _check_phrase(phrase_bars)
    if end_bar < start_bar:
        raise ValueError(f"a section ends after it starts, not at bar {end_bar} after bar {start_bar}")
    borders = tuple(range(start_bar, end_bar + 1, phrase_bars))
    return borders if borders[-1] == end_bar else (*borders, end_bar)


def nearest_border(bar: float, *, section_border: int, phrase_bars: int) -> int:
    """The phrase border nearest to a bar, counting phrases from a section's border in both directions; halfway goes
    back.
    """
    _check_phrase(phrase_bars)
    return section_border + phrase_bars * math.ceil((bar - section_border) / phrase_bars - 0.5)


def next_border(bar: float, *, section_border: int, phrase_bars: int) -> int:
    """The first phrase border at or after a bar."""
    _check_phrase(phrase_bars)
    return section_border + phrase_bars * math.ceil((bar - section_border) / phrase_bars)


def previous_border(bar: float, *, section_border: int, phrase_bars: int) -> int:
    """The last phrase border at or before a bar."""
    _check_phrase(phrase_bars)
    return section_border + phrase_bars * math.floor((bar - section_border) / phrase_bars)


def is_on_border(bar: float, *, section_border: int, phrase_bars: int) -> bool:
    """Whether a bar begins a phrase."""
    _check_phrase(phrase_bars)
    return (bar - section_border) % phrase_bars == 0


def _check_phrase(phrase_bars: int) -> None:
    if phrase_bars not in PHRASE_BARS:
        raise ValueError(f"a phrase has {', '.join(map(str, PHRASE_BARS))} bars, not {phrase_bars}")
