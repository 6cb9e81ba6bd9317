"""A phase vocoder along a time map, for ratios near 1.

1. Frames of `FRAME` samples (Hann) are taken around the source position that the time map gives for every `HOP`-th
   output frame, rounded to a whole sample; the rounded positions are what all arithmetic uses.
2. Phases are kept as **rotations**: the spectrum that is played is the source's spectrum times a unit complex number
   per bin, 1 meaning "as it is". A peak of the spectrum carries its rotation on, turned by its instantaneous
   frequency times the difference between the output's and the source's step; the bins around it share it (identity
   phase locking: Laroche and Dolson, "Improved phase vocoder time-scale modification of audio", IEEE Trans. Speech
   Audio Proc. 7(3), 1999). All channels share one rotation, taken from the power-weighted phase advance of all, so
   that the stereo image is kept and nothing depends on their sum, which may cancel.
3. Where the source's step equals the output's, rotations stay as they are: those frames are the source, only moved.
4. Attacks: the time map is bent to slope 1 around them (`timeline.hold_attacks`; given ones and those that `attacks`
   hears), and what rises there starts with rotation 1, its own phase, before the attack enters the frame; so a drum
   is carried over whole. Elsewhere peaks that rise sharply start with rotation 1 too (after Röbel, "A new approach to
   transient processing in the phase vocoder", DAFx 2003).
5. Phase homing: once the map has come back to an untouched run, every rotation turns back to 1 along the shorter arc,
   so slowly that it is not heard, and from there on the frames are the source itself, at a whole shift.
6. Overlap-add with a Hann synthesis window: squared Hann windows at a quarter of their length add up to 1.5 exactly.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from notorious.audio.placement import FRAME, HOP, Batch, Placement, ReadSource, SourceWindow
from notorious.audio.timeline import TimeMap

Samples = NDArray[np.float32]
Spectra = NDArray[np.complex64]
Bits = NDArray[np.bool_]

BINS = FRAME // 2 + 1
BATCH = 32
"""Frames whose spectra are computed at once: about a second, 4 MB."""

HOMING_FRAMES = 44
"""Frames in which every rotation is back at 1: half a turn at `_HOMING_HZ` is one second."""
_HOMING_HZ = 0.5
_HOMING_CENTS = 1.0
"""A rotation that turns home detunes its peak by at most this, whichever is more at its frequency."""

_ATTACK_RISE = 2.0
"""Rise in power over an attack from which a bin belongs to it. Of 2, 4, 8 and 16 the best on kicks over bass: from 4 on
some kicks take over the bass note's phase and move by 8 ms."""
_LOWS_HZ = 250.0
"""Below this a drum grows over many milliseconds: these bins take their own phase a frame later than the others, so
that the dip of a bass note whose phase is cut lies under the drum and not before it. On kicks over steady notes of 55
and 82 Hz this halves the deepest dip before the kick (8.5 to 4.4 dB in 36 ms) and leaves the kicks as they were."""
_PEAK_RISE = 4.0
"""Rise in power from one frame to the next from which a peak starts anew."""

_NO_BINS = np.zeros(0, dtype=np.intp)
_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
_SYNTHESIS = (_WINDOW / 1.5).astype(np.float32)
_BIN_RADIANS = 2 * np.pi * np.arange(BINS) / FRAME


def vocode(
    read_source: ReadSource,
    time_map: TimeMap,
    *,
    start: int,
    stop: int,
    rate_hz: int,
    attacks: Sequence[float] = (),
) -> Iterator[Samples]:
    """Render the output frames from `start` to `stop` as one region that begins in its own phase.

    Yields pieces [shape=(n, channels), float32] of about a second, `stop - start` in sum.
    """
    first, last = -(-(start - FRAME // 2 + 1) // HOP), (stop + FRAME // 2 - 1) // HOP
    place = Placement(time_map, start, stop, np.asarray(attacks, dtype=np.float64), rate_hz)
    source = SourceWindow(read_source, place.first_source_frame(first), rate_hz)
    voice = _Rotation(rate_hz)
    tail: Samples | None = None
    reached = start
    for begin in range(first, last + 1, BATCH):
        end = min(begin + BATCH, last + 1)
        batch = place.batch(begin, end, source)
        spectra, risen = _spectra(source, batch)
        source.let_go(int(batch.positions[-1]) - FRAME, int(batch.positions[-1]) - 2 * rate_hz)
        added, tail = _overlap_add(voice.play(spectra, risen, batch), tail)
        # The sum is complete up to half a frame before the centre of the first frame that is still to come.
        sounds_from = begin * HOP - FRAME // 2
        complete = stop if end == last + 1 else min(stop, sounds_from + (end - begin) * HOP)
        if end == last + 1:
            added = np.concatenate([added, tail])
        if complete > reached:
            yield added[reached - sounds_from : complete - sounds_from]
            reached = complete


def _spectra(source: SourceWindow, batch: Batch) -> tuple[Spectra, dict[int, Bits]]:
    """Spectra [shape=(1 + frames, channels, bins)] of a batch, the frame before it first, and what rises at attacks."""
    looks = [int(look) for attack in batch.beginnings.values() for look in (attack - FRAME // 2, attack + FRAME // 8)]
    places = np.concatenate([batch.positions, np.array(looks, dtype=np.int64)]) - FRAME // 2
    low, high = int(places.min()), int(places.max()) + FRAME
    windows = np.lib.stride_tricks.sliding_window_view(source.take(low, high), FRAME, axis=0)[places - low]
    spectra = np.asarray(fft.rfft(windows * _WINDOW, axis=-1), dtype=np.complex64)
    risen: dict[int, Bits] = {}
    for number, frame in enumerate(batch.beginnings):
        quiet, struck = (_power(spectra[len(batch.positions) + 2 * number + side]) for side in (0, 1))
        risen[frame] = _smoothed(struck) > _ATTACK_RISE * _smoothed(quiet)
    return spectra[: len(batch.positions)], risen


class _Rotation:
    """The rotation of every bin [shape=(bins,)], carried from frame to frame."""

    def __init__(self, rate_hz: int) -> None:
        self._rotation = np.ones(BINS, dtype=np.complex64)
        self._low_bins = round(_LOWS_HZ * FRAME / rate_hz)
        self._late_lows = _NO_BINS
        detune_hz = np.maximum(_HOMING_HZ, np.arange(BINS) * rate_hz / FRAME * (2 ** (_HOMING_CENTS / 1200) - 1))
        # Half a turn must fit into the frames, whatever the rate.
        turn = np.maximum(2 * np.pi * detune_hz * HOP / rate_hz, np.pi / (HOMING_FRAMES - 1))
        self._home_turn = np.minimum(turn, np.pi).astype(np.float32)

    def play(self, spectra: Spectra, risen: dict[int, Bits], batch: Batch) -> Samples:
        """Turn the spectra of a batch (the frame before it first) and give its frames, windowed for the sum.

        Returns [shape=(frames, channels, FRAME), float32].
        """
        steps = np.diff(batch.positions).tolist()
        power = (spectra.real**2 + spectra.imag**2).sum(axis=1)
        turned = np.empty((len(steps), *spectra.shape[1:]), dtype=np.complex64)
        for number, step in enumerate(steps):
            if step != HOP:
                self._advance(spectra[number], spectra[number + 1], power[number], power[number + 1], step)
            self._rotation[self._late_lows] = 1
            self._late_lows = _NO_BINS
            if number in risen:
                own = np.flatnonzero(risen[number])
                late = np.searchsorted(own, self._low_bins)
                self._rotation[own[late:]] = 1
                self._late_lows = own[:late]
            if batch.homing[number]:
                self._turn_home()
            turned[number] = spectra[number + 1] * self._rotation
        frames = np.asarray(fft.irfft(turned, n=FRAME, axis=-1), dtype=np.float32)
        frames *= _SYNTHESIS
        return frames

    def _advance(
        self,
        last: Spectra,
        spectrum: Spectra,
        last_power: Samples,
        power: Samples,
        step: int,
    ) -> None:
        """Carry the rotation on to a frame that lies `step` source frames later and a hop later in the output."""
        peaks, counts = _peaks(power)
        advance = (spectrum[:, peaks] * last[:, peaks].conj()).sum(axis=0)
        expected = _BIN_RADIANS[peaks] * step
        deviation = np.angle(advance * np.exp(-1j * expected))
        frequency = _BIN_RADIANS[peaks] + deviation / step
        rotation = self._rotation[peaks] * np.exp(1j * frequency * (HOP - step))
        rotation[power[peaks] > _PEAK_RISE * _around(last_power, peaks)] = 1
        rotation /= np.abs(rotation)
        self._rotation = np.repeat(rotation.astype(np.complex64), counts)

    def _turn_home(self) -> None:
        angle = np.angle(self._rotation)
        angle = np.sign(angle) * np.maximum(np.abs(angle) - self._home_turn, 0)
        self._rotation = np.exp(1j * angle).astype(np.complex64)


def _peaks(power: Samples) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The bins louder than two neighbours on each side, and how many bins belong to each (borders halfway between)."""
    inner = power[2:-2]
    louder = (inner > power[1:-3]) & (inner >= power[3:-1]) & (inner > power[:-4]) & (inner >= power[4:])
    peaks = np.flatnonzero(louder) + 2
    if len(peaks) == 0:
        peaks = np.array([BINS // 2])
    borders = (peaks[:-1] + peaks[1:] + 1) // 2
    return peaks, np.diff(np.concatenate([[0], borders, [BINS]]))


def _around(power: Samples, bins: NDArray[np.intp]) -> Samples:
    """The greatest power among each bin and its two neighbours (bins are never at the very edge)."""
    return np.asarray(np.maximum(np.maximum(power[bins - 1], power[bins]), power[bins + 1]))


def _power(spectrum: Spectra) -> Samples:
    return np.asarray((spectrum.real**2 + spectrum.imag**2).sum(axis=0))


def _smoothed(power: Samples) -> Samples:
    """Sums over five bins: the width of a peak under a Hann window."""
    padded = np.pad(power, 2)
    return np.asarray(padded[:-4] + padded[1:-3] + padded[2:-2] + padded[3:-1] + padded[4:])


def _overlap_add(frames: Samples, tail: Samples | None) -> tuple[Samples, Samples]:
    """Add frames a hop apart [shape=(frames, channels, FRAME)] to what the last batch left over.

    Returns what this batch spans before its overhang, and the overhang [shape=(FRAME - HOP, channels)].
    """
    count, channels, _ = frames.shape
    summed = np.zeros((count * HOP + FRAME - HOP, channels), dtype=np.float32)
    if tail is not None:
        summed[: len(tail)] += tail
    for number in range(count):
        summed[number * HOP : number * HOP + FRAME] += frames[number].T
    return summed[: count * HOP], summed[count * HOP :]
