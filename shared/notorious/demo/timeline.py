"""Where beats lie in samples, and how a sound is put there."""

from dataclasses import dataclass

import numpy as np

from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal


@dataclass(frozen=True)
class Timeline:
    """Where beats lie: beat 0 is `lead_in_seconds` into the file; positions are rounded to samples at the very end."""

    bpm: float
    lead_in_seconds: float

    def seconds(self, beat: float) -> float:
        return self.lead_in_seconds + beat * 60.0 / self.bpm

    def sample(self, beat: float) -> int:
        return round(self.seconds(beat) * SAMPLE_RATE_HZ)

    def samples(self, beats: float) -> int:
        """Length of some beats."""
        return round(beats * 60.0 / self.bpm * SAMPLE_RATE_HZ)


def place(target: Signal, start: int, sound: Signal, gain: float, pan: float = 0.0) -> None:
    """Adds a mono or stereo sound to a stereo target from a sample on; what lies beyond the end is cut."""
    begin = max(0, -start)
    count = min(sound.shape[-1], target.shape[1] - start)
    if count <= begin:
        return
    if sound.ndim == 2:
        target[:, start + begin : start + count] += sound[:, begin:count] * np.float32(gain)
        return
    part = sound[begin:count]
    left, right = np.sqrt(2) * np.cos((pan + 1) * np.pi / 4), np.sqrt(2) * np.sin((pan + 1) * np.pi / 4)
    target[0, start + begin : start + count] += part * np.float32(gain * left)
    target[1, start + begin : start + count] += part * np.float32(gain * right)
