"""The energy that a set wants at each of its moments.

Conventions: a position is a share of the set, from 0 (its first beat) to 1 (its last); energy is from 0.1 to 1, and the
result is clamped to that range. A target is curve x set context, unless a plateau says otherwise: a plateau is what
somebody asked for by number, so neither the curve nor the context changes it.

The shapes and factors are the ones that the set planner was ordered with; free choices are named at each curve.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from notorious.theory.genres import rule_for

CurveName = Literal["build", "decline", "wave", "steady", "double-peak", "late-peak", "rollercoaster", "plateau-peak"]
TimeOfDay = Literal["opening", "prime", "closing"]
Venue = Literal["intimate", "energetic"]

LOWEST_ENERGY = 0.1
HIGHEST_ENERGY = 1.0

_GENRE_FACTORS: Mapping[str, float] = {"ambient": 0.7, "downtempo": 0.7, "techno": 1.1}
_VENUE_FACTORS: Mapping[str, float] = {"intimate": 0.85, "energetic": 1.15}
_PRIME_FROM = 0.4
_CLOSING_FROM = 0.7
_CLIMAX = 0.85


@dataclass(frozen=True)
class Plateau:
    """A stretch of constant energy with a purpose: "dinner", "first hour for the dancers", "the hits".

    It holds from `start` up to, not including, `end` (a plateau that ends at 1 holds there too). Raises ValueError
    for a stretch that is none or an energy outside 0.1-1.
    """

    start: float
    end: float
    energy: float
    purpose: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 1:
            raise ValueError(
                f"a plateau lies between 0 and 1 and ends after it starts, not {self.start:g} to {self.end:g}"
            )
        if not LOWEST_ENERGY <= self.energy <= HIGHEST_ENERGY:
            raise ValueError(f"a plateau's energy is from {LOWEST_ENERGY:g} to {HIGHEST_ENERGY:g}, not {self.energy:g}")

    def holds_at(self, position: float) -> bool:
        return self.start <= position < self.end or position == self.end == 1.0


def energy_target(
    position: float,
    *,
    curve: CurveName,
    plateaus: Sequence[Plateau] = (),
    time_of_day: TimeOfDay | None = None,
    venue: Venue | None = None,
    genre: str | None = None,
) -> float:
    """The energy wanted at a position (0-1) of the set, from 0.1 to 1.

    Where plateaus overlap the one given last holds. `genre` may be in any spelling. Raises ValueError for a position
    outside 0-1 and for an unknown curve, time of day or venue.
    """
    plateau = plateau_at(position, plateaus)
    if plateau is not None:
        return plateau.energy
    wanted = curve_energy(position, curve)
    wanted *= context_factor(position, time_of_day=time_of_day, venue=venue, genre=genre)
    return min(max(wanted, LOWEST_ENERGY), HIGHEST_ENERGY)


def plateau_at(position: float, plateaus: Sequence[Plateau]) -> Plateau | None:
    """The plateau that holds at a position: the last given of those that do."""
    return next((plateau for plateau in reversed(plateaus) if plateau.holds_at(position)), None)


def curve_energy(position: float, curve: CurveName) -> float:
    """The bare curve at a position (0-1), before context and clamp."""
    if not 0 <= position <= 1:
        raise ValueError(f"a position is a share of the set from 0 to 1, not {position:g}")
    try:
        shape = _CURVES[curve]
    except KeyError:
        raise ValueError(f"{curve!r} is not a curve; there are {', '.join(_CURVES)}") from None
    return shape(position)


def context_factor(
    position: float, *, time_of_day: TimeOfDay | None = None, venue: Venue | None = None, genre: str | None = None
) -> float:
    """What time of day, venue and genre make of the curve at a position: the product of their factors.

    Opening x0.8 throughout; prime x1.2 from 40 % on; closing x0.9 from 70 % on; intimate x0.85; energetic x1.15;
    ambient and downtempo x0.7; techno (with what stands under it) x1.1.
    """
    factor = 1.0
    if time_of_day == "opening":
        factor *= 0.8
    elif time_of_day == "prime":
        factor *= 1.2 if position >= _PRIME_FROM else 1.0
    elif time_of_day == "closing":
        factor *= 0.9 if position >= _CLOSING_FROM else 1.0
    elif time_of_day is not None:
        raise ValueError(f"{time_of_day!r} is not a time of day; there are opening, prime, closing")
    if venue is not None:
        if venue not in _VENUE_FACTORS:
            raise ValueError(f"{venue!r} is not a venue; there are {', '.join(_VENUE_FACTORS)}")
        factor *= _VENUE_FACTORS[venue]
    return factor * (rule_for(genre, _GENRE_FACTORS) or 1.0)


def _build(position: float) -> float:
    """A straight line from 0.3 to 0.9."""
    return 0.3 + 0.6 * position


def _decline(position: float) -> float:
    """The build backwards: 0.9 to 0.3."""
    return 0.9 - 0.6 * position


def _wave(position: float) -> float:
    """0.4 + 0.5 sin: two and a half turns, so three crests (0.9) and two troughs (clamped), ending where it began."""
    return 0.4 + 0.5 * math.sin(5 * math.pi * position)


def _steady(position: float) -> float:
    return 0.6


def _double_peak(position: float) -> float:
    """Gaussian peaks at 25 % (0.8) and 75 % (0.95) over 0.4; a width of 0.1 leaves a real valley between them."""

    def peak(centre: float) -> float:
        return math.exp(-50.0 * (position - centre) * (position - centre))

    return 0.4 + 0.4 * peak(0.25) + 0.55 * peak(0.75)


def _late_peak(position: float) -> float:
    """0.4 + 0.5 r^2.5 up to the climax at 85 %, then straight down to 0.5."""
    if position <= _CLIMAX:
        return 0.4 + 0.5 * math.pow(position / _CLIMAX, 2.5)
    return 0.9 - 0.4 * (position - _CLIMAX) / (1 - _CLIMAX)


def _rollercoaster(position: float) -> float:
    """Three sine lobes over 0.35, each rising higher: to 0.6, 0.75 and 0.9."""
    lobe = min(int(position * 3), 2)
    return 0.35 + (0.25, 0.4, 0.55)[lobe] * math.sin(math.pi * (position * 3 - lobe))


def _plateau_peak(position: float) -> float:
    """0.5 until 30 %, a rise to 0.9 at 40 %, held until 80 %, then a cool-down to 0.5."""
    if position <= 0.3:
        return 0.5
    if position < 0.4:
        return 0.5 + 4.0 * (position - 0.3)
    if position <= 0.8:
        return 0.9
    return 0.9 - 2.0 * (position - 0.8)


_CURVES: Mapping[CurveName, Callable[[float], float]] = {
    "build": _build,
    "decline": _decline,
    "wave": _wave,
    "steady": _steady,
    "double-peak": _double_peak,
    "late-peak": _late_peak,
    "rollercoaster": _rollercoaster,
    "plateau-peak": _plateau_peak,
}

CURVE_NAMES: tuple[CurveName, ...] = tuple(_CURVES)
"""The eight curves."""
