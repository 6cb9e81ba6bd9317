"""Techniques: the lanes that carry a set from one track to the next.

What every technique keeps:

- **Power** is constant in every band: two recordings are uncorrelated, so their powers add, and the two gains of a band
  satisfy g_out^2 + g_in^2 = 1 all the way (the equal-power law; e.g. Zölzer (ed.), DAFX, 2011, ch. 5). It is drawn as
  straight lines short enough that the power dips by less than 0.003 dB between points.
- **Bass comes from one track at a time.** Kicks of beat-matched tracks are *not* uncorrelated, they fall on the same
  spot and would add to +3 dB. The low bands change hands within the one beat *before* a downbeat: the last kick of the
  old bar is the outgoing track's alone, the downbeat the incoming track's.
- **Nothing clicks**: a cut is a ramp of 5 ms that ends on the downbeat, so that the incoming attack is whole.

With s the first beat, e the end, and m the downbeat nearest the middle (transitions begin on a phrase border, so that
downbeats count from s):

| technique | mids and highs | bass | audience hears the change at |
|---|---|---|---|
| blend | equal power from s to e | before m | m |
| bass_swap | rise to equal shares, stand there around m, go on | before m | m |
| eq_swap | highs in the first half, mids in the second | before m | m |
| filter_sweep | a border sweeps down from 18 kHz: the incoming track above, the outgoing one below it | before e | e |
| exponential_fade | the incoming track rises by 30 dB until m, then the outgoing one falls as it rose | before m | m |
| quick_cut | cut on s | cut on s | s |
| echo_out | cut on s; the last beat of the outgoing track echoes until e | cut on s, the echo has none | s |
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, log, pi, sin, sqrt
from typing import Final

from notorious.audio.filters import HIGHPASS_OPEN_HZ, HIGHPASS_SHUT_HZ, LOWPASS_OPEN_HZ, LOWPASS_SHUT_HZ
from notorious.planning.plan import Lane, LanePoint, Parameter, Technique, Transition

CUT_SECONDS: Final = 0.005
"""Length of the ramp of a cut: long enough for no click, too short to be heard as a fade."""
SWAP_BEATS: Final = 1.0
"""The bass changes hands within this time."""
ENTRY_BEATS: Final = 0.25
"""A fader opens and shuts within this time where the band lanes are at silence anyway."""
EXPONENTIAL_DEPTH_DB: Final = 30.0
"""Where an exponential fade starts and ends: 30 dB under the other track is masked by it."""
SWEEP_BASS_HZ: Final = 250.0
"""What lies below changes hands in the last beat of a filter sweep."""
BEATS_PER_BAR: Final = 4

Points = tuple[LanePoint, ...]
Knots = Sequence[tuple[float, float]]
"""(beat, share of the incoming track's angle from 0 to 1): at share x its gain is sin(x pi/2)."""


@dataclass(frozen=True)
class TransitionLanes:
    """What a transition draws for the track that leaves and for the one that comes."""

    outgoing: tuple[Lane, ...]
    incoming: tuple[Lane, ...]


def lanes_for(transition: Transition) -> TransitionLanes:
    """The lanes of a transition: its technique's, except where the plan draws lanes of the same parameter itself."""
    drawn = _DRAW[transition.technique](transition)
    return TransitionLanes(
        outgoing=_overridden(drawn.outgoing, transition.outgoing),
        incoming=_overridden(drawn.incoming, transition.incoming),
    )


def handover_beat(transition: Transition) -> float:
    """The mix beat from which on the incoming track leads: where its chapter begins and its bass is heard."""
    if transition.technique in ("quick_cut", "echo_out"):
        return transition.start_beat
    if transition.technique == "filter_sweep":
        return transition.start_beat + transition.length_beats
    return transition.start_beat + _middle(transition.length_beats)


def cut_beats(bpm: float) -> float:
    """The length of a cut's ramp in beats."""
    return CUT_SECONDS * bpm / 60.0


def _overridden(own: tuple[Lane, ...], given: tuple[Lane, ...] | None) -> tuple[Lane, ...]:
    given = given or ()
    replaced = {lane.parameter for lane in given}
    return tuple(lane for lane in own if lane.parameter not in replaced) + given


def _middle(length_beats: float) -> float:
    """The downbeat nearest the middle, counted from the start; the middle beat, where there is no bar to choose."""
    if length_beats >= 2 * BEATS_PER_BAR:
        return BEATS_PER_BAR * float(int(length_beats / (2 * BEATS_PER_BAR) + 0.5))
    return max(float(int(length_beats / 2 + 0.5)), length_beats / 2)


def _equal_power(knots: Knots) -> tuple[Points, Points]:
    """Outgoing and incoming points along a path of shares, each step at most 1/32 of the quarter turn."""
    path: list[tuple[float, float]] = [knots[0]]
    for (from_beat, from_share), (to_beat, to_share) in pairwise(knots):
        steps = max(1, round(abs(to_share - from_share) * 32 + 0.49))
        for step in range(1, steps + 1):
            part = step / steps
            path.append((from_beat + part * (to_beat - from_beat), from_share + part * (to_share - from_share)))
    outgoing = tuple(LanePoint(beat=beat, value=_clean(cos(share * pi / 2))) for beat, share in path)
    incoming = tuple(LanePoint(beat=beat, value=_clean(sin(share * pi / 2))) for beat, share in path)
    return outgoing, incoming


def _clean(value: float) -> float:
    """Exactly 0 and 1 at the ends of the quarter turn, where the floating point misses them by 1e-16."""
    return 0.0 if value < 1e-12 else 1.0 if value > 1.0 - 1e-12 else value


def _bands(transition: Transition, *, low: Knots, mid: Knots, high: Knots) -> TransitionLanes:
    """Lanes of three bands; the faders open and shut where every band is silent, so that silence is exact outside."""
    start, end = transition.start_beat, transition.start_beat + transition.length_beats
    entry = min(ENTRY_BEATS, transition.length_beats / 8)
    outgoing = [_lane("fader", (end - entry, 1.0), (end, 0.0))]
    incoming = [_lane("fader", (start, 0.0), (start + entry, 1.0))]
    shares: tuple[tuple[Parameter, Knots], ...] = (("low", low), ("mid", mid), ("high", high))
    for parameter, knots in shares:
        leaving, coming = _equal_power(knots)
        outgoing.append(Lane(parameter=parameter, points=leaving))
        incoming.append(Lane(parameter=parameter, points=coming))
    return TransitionLanes(tuple(outgoing), tuple(incoming))


def _lane(parameter: Parameter, *points: tuple[float, float]) -> Lane:
    return Lane(parameter=parameter, points=tuple(LanePoint(beat=beat, value=value) for beat, value in points))


def _bass(transition: Transition) -> Knots:
    """The low band changes hands within the beat before the middle downbeat."""
    downbeat = transition.start_beat + _middle(transition.length_beats)
    return ((downbeat - min(SWAP_BEATS, transition.length_beats / 4), 0.0), (downbeat, 1.0))


def _blend(transition: Transition) -> TransitionLanes:
    whole = ((transition.start_beat, 0.0), (transition.start_beat + transition.length_beats, 1.0))
    return _bands(transition, low=_bass(transition), mid=whole, high=whole)


def _bass_swap(transition: Transition) -> TransitionLanes:
    """Both tracks stand at equal shares around the swap, so that the swap is what one hears."""
    start, length = transition.start_beat, transition.length_beats
    middle = _middle(length)
    plateau = ((start, 0.0), (start + 0.75 * middle, 0.5), (start + middle + 0.25 * (length - middle), 0.5))
    path = (*plateau, (start + length, 1.0))
    return _bands(transition, low=_bass(transition), mid=path, high=path)


def _eq_swap(transition: Transition) -> TransitionLanes:
    """Band after band: first its hats, then its bass, last its melody, as the outgoing melody says goodbye."""
    start, end = transition.start_beat, transition.start_beat + transition.length_beats
    middle = start + _middle(transition.length_beats)
    return _bands(
        transition, low=_bass(transition), mid=((middle, 0.0), (end, 1.0)), high=((start, 0.0), (middle, 1.0))
    )


def _exponential_fade(transition: Transition) -> TransitionLanes:
    """Gains on a straight line in dB: the ear calls it even (Fechner), where a linear fade hurries at its quiet end."""
    start, length = transition.start_beat, transition.length_beats
    middle = _middle(length)
    steps = 32
    path = [(start, 0.0)]
    for step in range(1, steps + 1):
        part = step / steps
        gain = sqrt(0.5) * 10.0 ** (-EXPONENTIAL_DEPTH_DB * (1.0 - part) / 20.0)
        path.append((start + part * middle, asin(gain) / (pi / 2)))
    for step in range(1, steps):
        part = step / steps
        gain = sqrt(0.5) * 10.0 ** (-EXPONENTIAL_DEPTH_DB * part / 20.0)
        path.append((start + middle + part * (length - middle), 1.0 - asin(gain) / (pi / 2)))
    path.append((start + length, 1.0))
    return _bands(transition, low=_bass(transition), mid=path, high=path)


def _filter_sweep(transition: Transition) -> TransitionLanes:
    """Both filters share one cutoff, so that every frequency belongs to one track at any time; the bass comes last."""
    start, end = transition.start_beat, transition.start_beat + transition.length_beats
    swap = end - min(SWAP_BEATS, transition.length_beats / 4)
    entry = min(ENTRY_BEATS, transition.length_beats / 8)
    steps = 16
    closing, opening = [(start, 0.0)], [(start, 1.0)]
    for step in range(1, steps + 1):
        border_hz = LOWPASS_OPEN_HZ * (SWEEP_BASS_HZ / LOWPASS_OPEN_HZ) ** (step / steps)
        beat = start + (swap - start) * step / steps
        closing.append((beat, -log(LOWPASS_OPEN_HZ / border_hz) / log(LOWPASS_OPEN_HZ / LOWPASS_SHUT_HZ)))
        opening.append((beat, min(1.0, log(border_hz / HIGHPASS_OPEN_HZ) / log(HIGHPASS_SHUT_HZ / HIGHPASS_OPEN_HZ))))
    leaving, _ = _equal_power(((swap, 0.0), (end, 1.0)))
    return TransitionLanes(
        outgoing=(_lane("filter", *closing), Lane(parameter="fader", points=leaving)),
        incoming=(
            _lane("filter", *opening, (end, 0.0)),
            _lane("fader", (start, 0.0), (start + entry, 1.0)),
        ),
    )


def _quick_cut(transition: Transition) -> TransitionLanes:
    downbeat = transition.start_beat
    leaving, coming = _equal_power(((downbeat - cut_beats(transition.bpm), 0.0), (downbeat, 1.0)))
    return TransitionLanes((Lane(parameter="fader", points=leaving),), (Lane(parameter="fader", points=coming),))


def _echo_out(transition: Transition) -> TransitionLanes:
    """The send opens for the last beat before the cut; what it caught repeats and dies away by the end."""
    cut = cut_beats(transition.bpm)
    downbeat = transition.start_beat
    lanes = _quick_cut(transition)
    send = _lane("echo", (downbeat - 1.0 - cut, 0.0), (downbeat - 1.0, 1.0), (downbeat - cut, 1.0), (downbeat, 0.0))
    return TransitionLanes((*lanes.outgoing, send), lanes.incoming)


_DRAW: Final[dict[Technique, Callable[[Transition], TransitionLanes]]] = {
    "blend": _blend,
    "bass_swap": _bass_swap,
    "eq_swap": _eq_swap,
    "filter_sweep": _filter_sweep,
    "exponential_fade": _exponential_fade,
    "quick_cut": _quick_cut,
    "echo_out": _echo_out,
}
