"""Loudness of a stream: integrated, short-term, range, and true peak.

Conventions: levels in LUFS, ranges in LU, peaks in dBTP; silence and what is too short to measure is -70 LUFS, the
absolute gate, below which nothing counts.

Sources: ITU-R BS.1770-4 (K weighting, channel weights, gating of 400 ms blocks at -70 LUFS and -10 LU); EBU Tech 3341
(momentary, short-term); EBU Tech 3342 (loudness range: 10th to 95th percentile of short-term loudness, gated at
-70 LUFS and -20 LU). The standard gives the K filter for 48 kHz; for other rates its analogue prototype is transformed
(bilinear, the parameters found by inverting the 48 kHz coefficients), as every meter does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.audio.layouts import WAVE_ORDER, Layout
from notorious.audio.true_peak import TruePeakMeter

SILENCE_LUFS = -70.0
HOP_SECONDS = 1.0
_STEPS_PER_SECOND = 10
_BLOCK_STEPS = 4
_SHORT_TERM_STEPS = 30

# BS.1770-4, Table 3 and 4: surrounds between 60 and 120 degrees weigh 1.41 (+1.5 dB), the LFE nothing.
_WEIGHTS = {"L": 1.0, "R": 1.0, "C": 1.0, "LFE": 0.0, "Ls": 1.41, "Rs": 1.41, "Lb": 1.0, "Rb": 1.0, "Cb": 1.0}


@dataclass(frozen=True)
class LoudnessResult:
    """What a meter heard.

    `short_term_lufs` [LUFS] holds, every `hop_seconds`, the loudness of the 3 s centred there, as far as they lie
    inside the audio (at both ends, the window is shorter: it is not filled up with silence).
    """

    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float
    hop_seconds: float
    short_term_lufs: tuple[float, ...]


def k_weighting(rate_hz: int) -> NDArray[np.float64]:
    """The K filter as two second-order sections [shape=(2, 6)]: the head's high shelf, then the RLB high-pass."""
    shelf = _biquad(rate_hz, 1681.974450955533, 0.7071752369554196, 3.999843853973347)
    highpass = _biquad(rate_hz, 38.13547087602444, 0.5003270373238773, None)
    return np.array([shelf, highpass])


def _biquad(rate_hz: int, frequency_hz: float, quality: float, shelf_db: float | None) -> list[float]:
    k = np.tan(np.pi * frequency_hz / rate_hz)
    a0 = 1 + k / quality + k * k
    poles = [1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0]
    if shelf_db is None:
        return [1.0, -2.0, 1.0, *poles]  # unscaled, as the standard prints it
    high = 10 ** (shelf_db / 20)
    band = high**0.4996667741545416
    return [
        (high + band * k / quality + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / quality + k * k) / a0,
        *poles,
    ]


class LoudnessMeter:
    """Measures a stream block by block; the result does not depend on how the stream is cut.

    Args:
        rate_hz: sample rate.
        channels: number of channels.
        layout: which channel is which loudspeaker; the order of WAV and FLAC where it is not given.
    """

    def __init__(self, rate_hz: int, channels: int, *, layout: Layout | None = None) -> None:
        positions = layout or WAVE_ORDER[channels]
        self._weights = np.array([_WEIGHTS[position] for position in positions])
        self._rate_hz = rate_hz
        self._sections = k_weighting(rate_hz).astype(np.float32)
        self._state = np.zeros((2, channels, 2), np.float32)
        self._true_peak = TruePeakMeter(channels)
        self._frames = 0
        self._step_powers: list[float] = []
        self._open_power = np.zeros(channels)

    def feed(self, block: NDArray[np.float32]) -> None:
        """Take the next frames [shape=(n, channels)], float32."""
        from scipy.signal import sosfilt

        if not len(block):
            return
        self._true_peak.feed(block)
        weighted, self._state = sosfilt(self._sections, np.ascontiguousarray(block.T), axis=1, zi=self._state)
        # Denormal numbers in the filter's tail would make silence the slowest thing to measure.
        self._state[np.abs(self._state) < 1e-20] = 0
        start = 0
        while start < len(block):
            step_end = -(-(len(self._step_powers) + 1) * self._rate_hz // _STEPS_PER_SECOND) - self._frames
            stop = min(len(block), step_end)
            for number, channel in enumerate(weighted[:, start:stop]):
                self._open_power[number] += float(np.dot(channel, channel))
            if stop == step_end:
                self._close_step()
            start = stop
        self._frames += len(block)

    def _close_step(self) -> None:
        number = len(self._step_powers)
        first = -(-number * self._rate_hz // _STEPS_PER_SECOND)
        last = -(-(number + 1) * self._rate_hz // _STEPS_PER_SECOND)
        self._step_powers.append(float(self._weights @ self._open_power) / (last - first))
        self._open_power[:] = 0

    def result(self) -> LoudnessResult:
        """What was heard so far."""
        powers = np.array(self._step_powers)
        return LoudnessResult(
            integrated_lufs=_integrated(powers),
            range_lu=_range(powers),
            true_peak_dbtp=self._true_peak.result_dbtp(),
            hop_seconds=HOP_SECONDS,
            short_term_lufs=_centred(powers, self._frames / self._rate_hz),
        )


def gated_loudness(step_powers: NDArray[np.float64]) -> float:
    """Integrated loudness [LUFS] of K-weighted mean powers of successive 100 ms."""
    return _integrated(np.asarray(step_powers, np.float64))


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-12)))


def _windows(powers: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Mean power of every window of so many steps, hop one step."""
    if len(powers) < steps:
        return np.zeros(0)
    # Written as a sum of slices: a running sum would leave its rounding in the silence after something loud.
    count = len(powers) - steps + 1
    return np.asarray(sum(powers[first : first + count] for first in range(steps)) / steps)


def _integrated(powers: NDArray[np.float64]) -> float:
    blocks = _windows(powers, _BLOCK_STEPS)
    blocks = blocks[_lufs(blocks) > SILENCE_LUFS]
    if not len(blocks):
        return SILENCE_LUFS
    gate = float(_lufs(blocks.mean())) - 10
    return max(SILENCE_LUFS, float(_lufs(blocks[_lufs(blocks) > gate].mean())))


def _range(powers: NDArray[np.float64]) -> float:
    windows = _windows(powers, _SHORT_TERM_STEPS)
    windows = windows[_lufs(windows) >= SILENCE_LUFS]
    if not len(windows):
        return 0.0
    levels = _lufs(windows)
    levels = levels[levels >= float(_lufs(windows.mean())) - 20]
    low, high = np.percentile(levels, [10, 95])
    return float(high - low)


def _centred(powers: NDArray[np.float64], duration_seconds: float) -> tuple[float, ...]:
    levels: list[float] = []
    half = _SHORT_TERM_STEPS // 2
    hop_steps = int(HOP_SECONDS * _STEPS_PER_SECOND)
    for centre in range(0, int(duration_seconds * _STEPS_PER_SECOND) + 1, hop_steps):
        window = powers[max(0, centre - half) : centre + half]
        power = float(window.mean()) if len(window) else 0.0
        levels.append(max(SILENCE_LUFS, float(_lufs(np.array(power)))))
    return tuple(levels)
