"""How loud it will be from before a transition to after it, foreseen from the two tracks.

Two recordings are uncorrelated, so their powers add: p(t) = sum over the bands b of
p_out,b(t) (1 - s_b(t)) + p_in,b(t) s_b(t), where s_b is the share of power that the technique has given to the incoming
track in that band by then (the equal-power law: the two shares of a band make 1). p_out,b and p_in,b are the tracks'
short-term loudness (3 s, EBU Tech 3341) with their gains, split over five bands by the spectrum of the passage.
An incoming intro that is thin under an outgoing outro that is thin shows as a **dip** below both neighbours.

Times are seconds of the mix, 0 where the transition begins. Loudness in LUFS, differences in LU, powers linear.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10

import numpy as np
from numpy.typing import NDArray

from notorious.planning.candidates import QUICK, Candidate
from notorious.planning.plan import Technique
from notorious.planning.structure import SILENCE_LUFS, Structure
from notorious.planning.tempo_match import Meeting

HALF_WINDOW_SECONDS = 1.5
"""Half of the window of short-term loudness."""

NEIGHBOUR_SECONDS = 6.0
"""The stretch before (and after) a transition that it is held against."""

LOOKS = 32
"""Moments at which a transition is looked at: every bar or so."""

_LOOKS_PER_WINDOW = 5

MOST_EXCUSED_LU = 5.0
"""A dip (or a rise) that a plan may mean: a breakdown lies about so far below a drop. What goes further is a flaw of
the plan and stays one in the report of the finished mix."""

LEAST_SAID_LU = 1.0
"""What is smaller is nobody's intention: it is not said in the plan."""

_BORDERS_HZ = np.array([150.0, 600.0, 2400.0, 7000.0, 18000.0])
"""The upper borders of the bands of `analysis.model.Bands`."""

_SWEEP_END_HZ = 250.0
"""Where the border of a filter sweep stands before the bass changes hands (`rendering.techniques`)."""

_FADE_DEPTH_DB = 30.0
_SWAP_BEATS = 1.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LoudnessCourse:
    """Loudness [LUFS] around a transition: before and after it means, through it the extremes of 3 s."""

    before_lufs: float
    lowest_lufs: float
    highest_lufs: float
    after_lufs: float

    @property
    def step_lu(self) -> float:
        """After minus before."""
        return self.after_lufs - self.before_lufs

    @property
    def dip_lu(self) -> float:
        """How far it falls below the softer of its neighbours; 0 where it does not."""
        return max(0.0, min(self.before_lufs, self.after_lufs) - self.lowest_lufs)

    @property
    def rise_lu(self) -> float:
        """How far it rises above the louder of its neighbours; 0 where it does not."""
        return max(0.0, self.highest_lufs - max(self.before_lufs, self.after_lufs))


def meant(deviation_lu: float) -> float:
    """What of a foreseen dip or rise a plan says that it means [LU]: none of a small one, a large one up to a bound."""
    return 0.0 if deviation_lu < LEAST_SAID_LU else min(deviation_lu, MOST_EXCUSED_LU)


def loudness_course(
    outgoing: Structure, incoming: Structure, candidate: Candidate, gains_db: tuple[float, float]
) -> LoudnessCourse:
    """The course of one candidate; `gains_db` are the gains of the two tracks."""
    return loudness_courses(outgoing, incoming, (candidate,), gains_db)[0]


def loudness_courses(
    outgoing: Structure, incoming: Structure, candidates: Sequence[Candidate], gains_db: tuple[float, float]
) -> tuple[LoudnessCourse, ...]:
    """The courses of many candidates between the same two tracks, in their order."""
    rows: list[LoudnessCourse | None] = [None] * len(candidates)
    gains = (10.0 ** (gains_db[0] / 10.0), 10.0 ** (gains_db[1] / 10.0))
    groups: dict[Technique, list[int]] = {}
    for number, candidate in enumerate(candidates):
        groups.setdefault(candidate.technique, []).append(number)
    neighbours: dict[tuple[bool, float], float] = {}
    for technique, members in groups.items():
        through = _through(outgoing, incoming, technique, [candidates[number] for number in members], gains)
        for number, powers in zip(members, through, strict=True):
            candidate = candidates[number]
            for is_out, beat in ((True, candidate.out_beat), (False, candidate.in_end_beat)):
                if (is_out, beat) not in neighbours:
                    neighbours[is_out, beat] = _neighbour(outgoing if is_out else incoming, beat, is_out, gains_db)
            before, after = neighbours[True, candidate.out_beat], neighbours[False, candidate.in_end_beat]
            rows[number] = LoudnessCourse(before, _lufs(powers.min()), _lufs(powers.max()), after)
    return tuple(row for row in rows if row is not None)


def _neighbour(structure: Structure, beat: float, is_outgoing: bool, gains_db: tuple[float, float]) -> float:
    """The mean loudness beside a transition that begins (or ends) on a beat; its windows do not reach into it."""
    at = structure.seconds(beat)
    near, far = HALF_WINDOW_SECONDS, HALF_WINDOW_SECONDS + NEIGHBOUR_SECONDS
    if is_outgoing:
        return structure.loudness_between(at - far, at - near) + gains_db[0]
    return structure.loudness_between(at + near, at + far) + gains_db[1]


def _lufs(power: float) -> float:
    return 10.0 * log10(max(float(power), 10.0 ** (SILENCE_LUFS / 10.0)))


def _through(
    outgoing: Structure,
    incoming: Structure,
    technique: Technique,
    candidates: Sequence[Candidate],
    gains: tuple[float, float],
) -> Floats:
    """Power of 3 s at `LOOKS` moments from a window before the transitions to one after: shape (candidates, LOOKS)."""

    def column(of: Callable[[Meeting], float]) -> Floats:
        return np.array([of(one.meeting) for one in candidates])[:, None]

    beats = np.array([one.length_beats for one in candidates])
    out_start = np.array([outgoing.seconds(one.out_beat) for one in candidates])[:, None]
    in_start = np.array([incoming.seconds(one.in_beat) for one in candidates])[:, None]
    if technique in QUICK:
        # What comes plays alone and at its own tempo while the outgoing track echoes (an echo that is left out here).
        length = np.array([incoming.seconds(one.in_end_beat) for one in candidates])[:, None] - in_start
        heard_out = np.zeros_like(length)
    else:
        length = heard_out = beats[:, None] * 60.0 / column(lambda meeting: meeting.overlap_bpm)
    half = HALF_WINDOW_SECONDS
    moments = -half + (length + 2.0 * half) * np.linspace(0.0, 1.0, LOOKS)
    # A track's windows stay inside of what is played of it: what lies beyond is never heard.
    speed_out = 1.0 + column(lambda meeting: meeting.outgoing_stretch)
    speed_in = 1.0 + column(lambda meeting: meeting.incoming_stretch)
    leaving = _at(outgoing, out_start + speed_out * np.minimum(moments, heard_out - half)) * gains[0]
    arriving = _at(incoming, in_start + speed_in * np.maximum(moments, half)) * gains[1]
    inner = moments[:, :, None] + np.linspace(-half, half, _LOOKS_PER_WINDOW)
    shares = _shares(technique, inner, length[:, :, None], beats[:, None, None]).mean(axis=2)
    powers: Floats = (leaving * (1.0 - shares) + arriving * shares).sum(axis=2)
    return powers


def _at(structure: Structure, seconds: Floats) -> Floats:
    """Short-term power of the five bands at moments of a track, between its hops in straight lines: (..., 5)."""
    powers = structure.band_power
    place = np.clip(seconds / structure.track.analysis.loudness.hop_seconds, 0.0, len(powers) - 1.0)
    left = np.minimum(place.astype(np.intp), max(0, len(powers) - 2))
    part = (place - left)[..., None]
    found: Floats = powers[left] * (1.0 - part) + powers[np.minimum(left + 1, len(powers) - 1)] * part
    return found


def _shares(technique: Technique, seconds: Floats, length: Floats, beats: Floats) -> Floats:
    """The share of power that belongs to the incoming track, 0 to 1, in each of five bands: the shape of `seconds` + 5.

    The laws are those that `rendering.techniques` draws.
    """
    if technique in QUICK:
        cut = (seconds >= 0.0).astype(np.float64)
        return np.repeat(cut[..., None], 5, axis=-1)
    place = np.clip(seconds / length, 0.0, 1.0)
    middle = np.where(beats >= 8.0, 4.0 * np.floor(beats / 8.0 + 0.5), beats / 2.0) / beats
    swap = _SWAP_BEATS / beats
    if technique == "filter_sweep":
        border = 18000.0 * (_SWEEP_END_HZ / 18000.0) ** np.clip(place / (1.0 - swap), 0.0, 1.0)
        lower = np.log(_BORDERS_HZ[:-1])
        bands = np.clip(
            (np.log(_BORDERS_HZ[1:]) - np.log(border)[..., None]) / (np.log(_BORDERS_HZ[1:]) - lower), 0.0, 1.0
        )
        ending = _quarter((place - (1.0 - swap)) / swap)[..., None]
        return np.concatenate((ending, np.maximum(bands, ending)), axis=-1)
    low = _quarter((place - middle + swap) / swap)
    if technique == "bass_swap":
        shelf = middle + 0.25 * (1.0 - middle)
        angle = 0.5 * np.clip(place / (0.75 * middle), 0.0, 1.0)
        mid = high = _quarter(angle + 0.5 * np.clip((place - shelf) / (1.0 - shelf), 0.0, 1.0))
    elif technique == "eq_swap":
        mid, high = _quarter((place - middle) / (1.0 - middle)), _quarter(place / middle)
    elif technique == "exponential_fade":
        rising = 0.5 * 10.0 ** (-_FADE_DEPTH_DB * (1.0 - np.clip(place / middle, 0.0, 1.0)) / 10.0)
        falling = 0.5 * 10.0 ** (-_FADE_DEPTH_DB * np.clip((place - middle) / (1.0 - middle), 0.0, 1.0) / 10.0)
        mid = high = np.where(place <= 0.0, 0.0, np.where(place < middle, rising, 1.0 - falling))
    else:
        mid = high = _quarter(place)
    return np.stack((low, mid, mid, high, high), axis=-1)


def _quarter(angle: Floats) -> Floats:
    """The incoming share of power at a part of the quarter turn (clipped to 0-1)."""
    found: Floats = np.sin(np.clip(angle, 0.0, 1.0) * (np.pi / 2.0)) ** 2
    return found
