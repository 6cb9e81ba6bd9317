"""What a stretch of bars is: intro, verse, buildup, drop, breakdown or outro.

Judged by how full a stretch is against the fullest passages of its track, by its low end, by whether it rises, and by
what surrounds it:

- a **drop** is full with its low end; or nearly so, where its low end comes back after bars without it;
- a **buildup** rises, or stands above what was before it, and leads into a drop without its low end;
- the **intro** is the first stretch, with what follows in its first 16 bars short of being full, or while it stays
  sparse; one that loses a low end that it had is over;
- the **outro** is the last stretch, with what precedes it after the last drop and is less full than that, as long as
  the low end stays;
- a **breakdown** has lost its low end, or is sparse after something fuller;
- the rest is **verse**.

The thresholds are judgement on arrangements of dance music, with those of the intro, the outro and of coming back set
on demo crates (seeds 600 and 601); docs/analysis.md says how often they are right on others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.model import SectionKind
from notorious.analysis.section_bars import LOW_THERE, Bars

FULL = 0.92
SPARSE = 0.72
LOW_GONE = 0.6

_COMES_BACK_FULL = 0.85
_RISES_BY = 0.2
_FALLS_BY = 0.05
_INTRO_BARS = 16
_STILL_INTRO = 0.62
_INTRO_ENDS_BY, _OUTRO_BEGINS_FROM = 0.35, 0.65  # shares of the track
_LONGEST_BUILDUP_BARS = 32


@dataclass(frozen=True)
class Stretches:
    """What is known of the stretches of a track, each array of shape (stretches,); spans in bars, end exclusive."""

    spans: tuple[tuple[int, int], ...]
    bars: int
    fullness: NDArray[np.float64]
    low: NDArray[np.float64]
    rise: NDArray[np.float64]

    @classmethod
    def of(cls, bars: Bars, borders: list[int]) -> "Stretches":
        """Measure the stretches that begin at these bars."""
        count = len(bars.energy)
        spans = tuple(zip(borders, [*borders[1:], count], strict=True))
        return cls(
            spans=spans,
            bars=count,
            fullness=np.array([bars.fullness[a:b].mean() for a, b in spans]),
            low=np.array([bars.loudness[a:b, 0].mean() for a, b in spans]),
            rise=np.array([rise(bars.fullness[a:b]) for a, b in spans]),
        )

    @property
    def full(self) -> NDArray[np.bool_]:
        """Which stretches are as full as a drop."""
        based = self.low >= LOW_THERE
        full = (self.fullness >= FULL) & based
        comes_back = based[1:] & ~based[:-1] & (self.fullness[1:] >= _COMES_BACK_FULL)
        full[1:] |= comes_back & (self.fullness[1:] >= self.fullness[:-1])
        return full


def name_stretches(stretches: Stretches) -> list[SectionKind]:
    """What every stretch is."""
    if len(stretches.spans) == 1:
        return ["verse"]
    full = stretches.full
    last = len(stretches.spans) - 1
    first_full = int(np.argmax(full)) if full.any() else last
    last_full = last - int(np.argmax(full[::-1])) if full.any() else 0
    kinds: list[SectionKind] = []
    for number in range(last + 1):
        if full[number]:
            kinds.append("drop")
        elif _builds_up(stretches, number, full):
            kinds.append("buildup")
        elif number == 0 or (number < first_full and kinds[-1] == "intro" and _goes_on_as_intro(stretches, number)):
            kinds.append("intro")
        elif number == last or (number > last_full and _is_on_the_way_out(stretches, number, last_full)):
            kinds.append("outro")
        elif _breaks_down(stretches, number):
            kinds.append("breakdown")
        else:
            kinds.append("verse")
    return kinds


def _builds_up(stretches: Stretches, number: int, full: NDArray[np.bool_]) -> bool:
    if number in (0, len(full) - 1) or not full[number + 1] or stretches.low[number] >= LOW_THERE:
        return False
    start, end = stretches.spans[number]
    climbs = stretches.fullness[number] > stretches.fullness[number - 1] + _RISES_BY / 2
    return end - start <= _LONGEST_BUILDUP_BARS and bool(stretches.rise[number] > _RISES_BY or climbs)


def _goes_on_as_intro(stretches: Stretches, number: int) -> bool:
    had_low_end = stretches.low[:number].max() >= LOW_THERE
    if had_low_end and stretches.low[number] < LOW_GONE:
        return False
    end = stretches.spans[number][1]
    if end <= _INTRO_BARS:
        return True
    return bool(stretches.fullness[number] < _STILL_INTRO) and end <= _INTRO_ENDS_BY * stretches.bars


def _breaks_down(stretches: Stretches, number: int) -> bool:
    fell = stretches.fullness[:number].max() > stretches.fullness[number] + _RISES_BY / 2
    return bool(stretches.low[number] < LOW_GONE or (stretches.fullness[number] < SPARSE and fell))


def _is_on_the_way_out(stretches: Stretches, number: int, last_full: int) -> bool:
    return (
        bool(stretches.fullness[number] < stretches.fullness[last_full] - _FALLS_BY)
        and stretches.spans[number][0] >= _OUTRO_BEGINS_FROM * stretches.bars
        and bool((stretches.low[number:-1] >= LOW_GONE).all())
    )


def rise(values: NDArray[np.float64]) -> float:
    """How much the straight line through the values climbs from the first to the last."""
    if len(values) < 2:
        return 0.0
    return float(np.polyfit(np.arange(len(values)), values, 1)[0] * (len(values) - 1))
