"""Verify: a rendered mix held against its plan, by measurements that know nothing of how it was made.

- **Loudness**: short-term loudness (EBU Tech 3341, 3 s) before, through and after every transition. A transition is
  even when what sounds in between stays within 2 LU of its neighbours (of where the plan says that it dips to or rises
  to, where it says so), and the step from before to after is within 2 LU of the one that the plan means.
- **Kicks**: for both voices of a transition, how far the attacks of the low band lie from the clock, beat by beat.
- **Clicks**: the sharpest bend of the waveform at a join, against the sharpest around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from notorious.audio.loudness import LoudnessMeter, LoudnessResult
from notorious.planning.plan import Plan, Technique
from notorious.rendering.clock import Clock
from notorious.rendering.techniques import handover_beat
from notorious.rendering.voice import VoiceSpan, mix_frames, voice_blocks, voice_span

TOLERANCE_LU: Final = 2.0
SHORT_TERM_SECONDS: Final = 3.0
NEIGHBOUR_SECONDS: Final = 6.0
"""How much of the mix counts as a neighbour: three to four bars."""
KICK_BAND_HZ: Final = 400.0
"""Wide enough for the first milliseconds of a kick, whose pitch falls from there into the bass."""
_ATTACK_RISE_DB: Final = 9.0
"""A beat has a kick where the low band rises by this much; less is a bass note or a ghost."""
_ENVELOPE_SECONDS: Final = 0.006


@dataclass(frozen=True)
class TransitionLoudness:
    """Short-term loudness [LUFS] around one transition; means are of power, extremes are of single windows."""

    index: int
    technique: Technique
    start_seconds: float
    end_seconds: float
    before_lufs: float
    lowest_lufs: float
    highest_lufs: float
    after_lufs: float
    expected_step_lu: float
    expected_dip_lu: float = 0.0
    expected_rise_lu: float = 0.0

    @property
    def excess_lu(self) -> float:
        """How far the transition leaves the span between its neighbours, up or down, beyond what the plan says."""
        floor, roof = sorted((self.before_lufs, self.after_lufs))
        dip, rise = floor - self.lowest_lufs, self.highest_lufs - roof
        return max(0.0, dip - self.expected_dip_lu, rise - self.expected_rise_lu)

    @property
    def step_error_lu(self) -> float:
        """How far the step from before to after is from the one that the plan means."""
        return abs(self.after_lufs - self.before_lufs - self.expected_step_lu)

    @property
    def is_even(self) -> bool:
        return self.excess_lu <= TOLERANCE_LU and self.step_error_lu <= TOLERANCE_LU


@dataclass(frozen=True)
class KickTiming:
    """Attacks of one voice's low band against the clock [ms], positive is late; beats without a kick are left out."""

    beats: NDArray[np.float64]
    offsets_ms: NDArray[np.float64]


@dataclass(frozen=True)
class KickCoincidence:
    """How far apart the kicks of both voices of a transition fall [ms], on the beats where both have one."""

    index: int
    beats: NDArray[np.float64]
    apart_ms: NDArray[np.float64]

    @property
    def p95_ms(self) -> float | None:
        """95th percentile of the distance; None where the tracks share no kick."""
        return float(np.percentile(np.abs(self.apart_ms), 95)) if len(self.apart_ms) else None


@dataclass(frozen=True)
class MixCheck:
    """A mix as it was measured in its file."""

    loudness: LoudnessResult
    transitions: tuple[TransitionLoudness, ...]


def measure_mix(plan: Plan, path: Path | str) -> MixCheck:
    """Decode a rendered mix and measure its loudness, true peak and transitions. Raises UnreadableAudio."""
    from notorious.audio.decode import decode_blocks

    meter = LoudnessMeter(plan.master.sample_rate_hz, 2)
    for block in decode_blocks(path, rate_hz=plan.master.sample_rate_hz, channels=2):
        meter.feed(block)
    loudness = meter.result()
    return MixCheck(loudness, transition_loudness(plan, loudness.short_term_lufs, loudness.hop_seconds))


def transition_loudness(
    plan: Plan, short_term_lufs: Sequence[float], hop_seconds: float
) -> tuple[TransitionLoudness, ...]:
    """What the short-term loudness [LUFS] of a mix, centred on multiples of the hop, does around every transition."""
    levels = np.asarray(short_term_lufs, np.float64)
    centres = np.arange(len(levels), dtype=np.float64) * hop_seconds
    if not len(levels):
        return ()
    clock = Clock(plan.clock)
    half = SHORT_TERM_SECONDS / 2
    measured = []
    for transition in plan.transitions:
        start = clock.seconds(transition.start_beat)
        end = clock.seconds(transition.start_beat + transition.length_beats)
        before = _between(levels, centres, start - half - NEIGHBOUR_SECONDS, start - half)
        through = _between(levels, centres, start - half, end + half)
        after = _between(levels, centres, end + half, end + half + NEIGHBOUR_SECONDS)
        measured.append(
            TransitionLoudness(
                index=transition.index,
                technique=transition.technique,
                start_seconds=start,
                end_seconds=end,
                before_lufs=_mean_lufs(before),
                lowest_lufs=float(through.min()),
                highest_lufs=float(through.max()),
                after_lufs=_mean_lufs(after),
                expected_step_lu=transition.expected_loudness_step_lu,
                expected_dip_lu=transition.expected_loudness_dip_lu,
                expected_rise_lu=transition.expected_loudness_rise_lu,
            )
        )
    return tuple(measured)


def kick_timing(plan: Plan, index: int, first_beat: float, last_beat: float) -> KickTiming:
    """Where the kicks of one voice fall between two mix beats, as it sounds before its lanes take any bass away.

    The attack is where the envelope of the band below 400 Hz is half way up its steepest rise; melody and bass blur it
    by up to 4 ms. Raises UnreadableAudio.
    """
    from notorious.audio.filters import context_frames, three_bands

    rate_hz = plan.master.sample_rate_hz
    clock = Clock(plan.clock)
    whole = voice_span(plan, index)
    margin = context_frames(rate_hz) + rate_hz // 4
    first = max(whole.first_frame, round(clock.seconds(first_beat) * rate_hz) - margin)
    stop = min(whole.first_frame + whole.frames, round(clock.seconds(last_beat) * rate_hz) + margin)
    if stop <= first:
        return KickTiming(np.zeros(0), np.zeros(0))
    # Rendered from the voice's own beginning: where a stretch starts, its phases start.
    span = VoiceSpan(whole.first_frame, stop - whole.first_frame)
    sound = np.concatenate(list(voice_blocks(plan, index, span=span, with_lanes=False)))[first - whole.first_frame :]
    mono = sound.mean(axis=1, keepdims=True, dtype=np.float32)
    low = three_bands(mono, rate_hz, low_hz=KICK_BAND_HZ).low[:, 0].astype(np.float64)
    beats = np.arange(np.ceil(first_beat - 1e-6), np.floor(last_beat + 1e-6) + 1)
    found = [_attack_offset_ms(low, clock.seconds(float(beat)) * rate_hz - first, rate_hz) for beat in beats]
    offsets = np.array([np.nan if offset is None else offset for offset in found])
    return KickTiming(beats[~np.isnan(offsets)], offsets[~np.isnan(offsets)])


def kick_coincidence(plan: Plan, index: int) -> KickCoincidence:
    """How well the kicks of both tracks coincide through transition `index`. Raises UnreadableAudio."""
    transition = plan.transitions[index]
    end = transition.start_beat + transition.length_beats
    one = kick_timing(plan, index, transition.start_beat, end)
    other = kick_timing(plan, index + 1, transition.start_beat, end)
    beats, here, there = np.intersect1d(one.beats, other.beats, return_indices=True)
    return KickCoincidence(index, beats, one.offsets_ms[here] - other.offsets_ms[there])


def joins(plan: Plan) -> tuple[int, ...]:
    """Frames of the mix where something begins, ends or changes hands: where a click would be, if there were one."""
    clock = Clock(plan.clock)
    rate_hz = plan.master.sample_rate_hz
    beats: set[float] = set()
    for transition in plan.transitions:
        beats |= {transition.start_beat, transition.start_beat + transition.length_beats, handover_beat(transition)}
    for slot in plan.slots:
        beats |= {slot.mix_start_beat, slot.mix_end_beat}
    beats |= {knot.beat for knot in plan.clock}
    frames = {round(clock.seconds(beat) * rate_hz) for beat in beats}
    return tuple(sorted(frame for frame in frames if 0 < frame < mix_frames(plan)))


def click_ratio(sound: NDArray[np.float32], frame: int, rate_hz: int) -> float:
    """The sharpest bend (third difference) within 3 ms of a frame over the sharpest in the second around it.

    Above 1, the place is sharper than any attack nearby. Where drums strike hard a click can hide among them: judge on
    passages, or on material, without them.
    `sound`: [shape=(n, channels)], float32. Silence gives 0.
    """
    near, around = round(0.003 * rate_hz), rate_hz // 2
    start = max(0, frame - around)
    bends = np.abs(np.diff(sound[start : frame + around].astype(np.float64), n=3, axis=0)).max(axis=1, initial=0.0)
    middle = frame - start
    here = bends[max(0, middle - near - 3) : middle + near]
    neighbours = np.concatenate([bends[: max(0, middle - near - 3)], bends[middle + near :]])
    if not len(here) or not len(neighbours) or here.max() == 0:
        return 0.0
    return float(here.max() / max(float(neighbours.max()), 1e-9))


def _between(
    levels: NDArray[np.float64], centres: NDArray[np.float64], start: float, end: float
) -> NDArray[np.float64]:
    """Levels whose centres lie from start to end; the nearest one, where the mix is too short for any."""
    inside = levels[(centres >= start) & (centres <= end)]
    if len(inside):
        return inside
    nearest = int(np.argmin(np.abs(centres - (start + end) / 2)))
    return levels[nearest : nearest + 1]


def _mean_lufs(levels: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def _attack_offset_ms(low: NDArray[np.float64], expected: float, rate_hz: int) -> float | None:
    """How late the low band's attack is against a frame; None where there is no attack within 60 ms.

    The attack is where the envelope rises fastest, and there where it is half way up: not where it is loudest, since
    the body of a long kick may swell for 80 ms after it.
    """
    before, after = round(0.09 * rate_hz), round(0.12 * rate_hz)
    start = round(expected) - before
    if start < 0 or start + before + after > len(low):
        return None
    width = round(_ENVELOPE_SECONDS * rate_hz)
    window = np.hanning(width + 2)[1:-1]
    envelope = np.sqrt(np.convolve(low[start : start + before + after] ** 2, window / window.sum(), mode="same"))
    reach = round(0.06 * rate_hz)
    places = np.arange(before - reach, before + reach)
    steepest = int(places[np.argmax(envelope[places + width] - envelope[places - width])])
    foot, top = float(envelope[steepest - width]), float(envelope[steepest + width])
    floor = float(envelope[max(0, steepest - before) : steepest + 1].min())
    if top < 1e-4 or top < floor * 10 ** (_ATTACK_RISE_DB / 20):
        return None
    half = (top + foot) / 2
    rise = envelope[steepest - width : steepest + width + 1]
    left = int(np.flatnonzero(rise < half)[-1])
    crossing = steepest - width + left + (half - rise[left]) / max(float(rise[left + 1] - rise[left]), 1e-12)
    return float((start + crossing - expected) / rate_hz * 1000.0)
