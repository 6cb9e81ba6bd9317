"""musicnn: fifty tags and an embedding for patches of three seconds.

J. Pons, X. Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR 2019
(late-breaking). Two networks of one shape: one was trained on the tags of the Million Song Dataset (MSD: genres, moods,
singers), one on those of MagnaTagATune (MTT: instruments, voices). They take turns, patch by patch, which costs as much
as one of them: they fail on different tracks, and what is asked of them is slower than three seconds.

Conventions: mono float32 in [-1, 1] at 16 kHz; a patch is 187 frames of 256 samples (2.992 s). Its tags are
probabilities, but tiny ones ("instrumental" rarely passes 0.1 where there is nothing else): compare logits with one
another, not with a threshold.

Features: frames of 512 samples every 256, centred, periodic Hann -> power -> 96 mel triangles (Slaney's scale and
norm, to 8 kHz) -> log10(1 + 10,000 x).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from notorious.networks.catalogue import folder
from notorious.networks.session import session

MSD, MTT = "msd_musicnn.onnx", "mtt_musicnn.onnx"
RATE_HZ = 16000
HOP = 256
PATCH_FRAMES = 187
PATCH_SECONDS = PATCH_FRAMES * HOP / RATE_HZ
MEL_BANDS = 96
EMBEDDING_SIZE = 200
_FRAME = 512

MSD_TAGS = (
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock", "jazz",
    "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "Mellow", "electronica",
    "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic",
    "experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening", "sexy",
    "catchy", "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop", "sad", "House", "happy",
)  # fmt: skip
MTT_TAGS = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano", "ambient",
    "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals", "no vocals",
    "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft", "sitar", "solo", "man",
    "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal", "beats", "harp", "cello", "no voice",
    "weird", "country", "metal", "female voice", "choral",
)  # fmt: skip
"""What the fifty columns of `Patches.logits` are about, in their order."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Patches:
    """What one network says of the patches that it heard.

    `start_seconds` [shape=(patches,)], float64; `logits` [shape=(patches, 50)] of the tags, `embedding`
    [shape=(patches, 200)] (the layer before them), float32. At least one patch.
    """

    start_seconds: NDArray[np.float64]
    logits: Array
    embedding: Array


@dataclass(frozen=True)
class Heard:
    """What both networks say: `msd` of every second patch, `mtt` of those between (the first is MTT's)."""

    msd: Patches
    mtt: Patches


def hear(mono: Array, *, patch_hop: int = PATCH_FRAMES) -> Heard:
    """Hear a signal in patches of three seconds, one every `patch_hop` frames (of 16 ms; there may be gaps between).

    mono : np.ndarray [shape=(n,)], float32 at 16 kHz
    The last patch is filled up with silence if at least half of it is there; a signal that makes one patch only is
    heard by both networks. Raises NetworkError where a network cannot be loaded.
    """
    return hear_blocks((mono,), patch_hop=patch_hop)


def hear_blocks(blocks: Iterable[Array], *, patch_hop: int = PATCH_FRAMES) -> Heard:
    """The same of a signal that comes in blocks, of which no more is kept than a patch needs."""
    listeners = {network: _Listener(network) for network in (MSD, MTT)}
    kept, kept_from, number = np.zeros(0, np.float32), 0, 0
    first: Array | None = None

    def hear_patch() -> None:
        nonlocal first
        patch = log_mel(kept, number * patch_hop - kept_from // HOP, PATCH_FRAMES)
        first = patch if number == 0 else None
        listeners[MSD if number % 2 else MTT].hear(patch, number * patch_hop)

    for block in blocks:
        kept = np.concatenate([kept, block])
        while (number * patch_hop + PATCH_FRAMES) * HOP <= kept_from + len(kept):
            hear_patch()
            number += 1
            # From a frame on, and one frame more than the next patch begins with: its first window reaches back.
            # Where that lies further on, the frames that are here go.
            start = max(kept_from, min(number * patch_hop - 1, (kept_from + len(kept)) // HOP) * HOP)
            kept, kept_from = kept[start - kept_from :], start
    frames = 1 + (kept_from + len(kept)) // HOP
    while number < max(1, 1 + (frames - (PATCH_FRAMES + 1) // 2) // patch_hop):
        hear_patch()
        number += 1
    if first is not None:
        listeners[MSD].hear(first, 0)
    return Heard(msd=listeners[MSD].heard(), mtt=listeners[MTT].heard())


class _Listener:
    """One network, given patches one by one: together they take as long, and more memory."""

    def __init__(self, network: str) -> None:
        self._run = session(folder() / network).run
        self._starts: list[float] = []
        self._logits: list[Array] = []
        self._embedding: list[Array] = []

    def hear(self, patch: Array, first_frame: int) -> None:
        """The features of a patch [shape=(187, 96)]."""
        tags, embedding = self._run(("tags", "emb"), mel=patch[None])
        p = np.clip(tags[0].astype(np.float64), 1e-9, 1 - 1e-7)
        self._starts.append(first_frame * HOP / RATE_HZ)
        self._logits.append(np.log(p / (1 - p)).astype(np.float32))
        self._embedding.append(embedding[0])

    def heard(self) -> Patches:
        return Patches(np.array(self._starts), np.array(self._logits), np.array(self._embedding))


def log_mel(mono: Array, first: int, frames: int) -> Array:
    """The features of some frames [shape=(frames, 96)], float32; outside the signal there is silence."""
    from scipy import fft

    start = first * HOP - _FRAME // 2
    stop = start + (frames - 1) * HOP + _FRAME
    piece = mono[max(start, 0) : max(stop, 0)]
    if start < 0 or stop > len(mono):
        piece = np.pad(piece, (max(-start, 0), stop - max(start, 0) - len(piece)))
    windowed = np.lib.stride_tricks.sliding_window_view(piece, _FRAME)[::HOP] * _window()
    spectrum = fft.rfft(windowed, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    log_power: Array = np.log10(1 + 10000 * (power @ _mel()))
    return log_power


@lru_cache(maxsize=1)
def _window() -> Array:
    return np.hanning(_FRAME + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=1)
def _mel() -> Array:
    """Matrix from 257 bins to 96 mel triangles [shape=(257, 96)], each of area 1 (Slaney, Auditory Toolbox, 1998)."""
    edges = _mel_to_hz(np.linspace(0, _hz_to_mel(RATE_HZ / 2), MEL_BANDS + 2))
    bins = np.arange(_FRAME // 2 + 1) * RATE_HZ / _FRAME
    columns = []
    for low, centre, high in zip(edges, edges[1:], edges[2:], strict=False):
        triangle = np.clip(np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)), 0, None)
        columns.append(triangle * 2 / (high - low))
    return np.array(columns).T.astype(np.float32)


# Slaney's scale: linear to 1 kHz (15 mel), then 27 steps to a factor of 6.4.
_LINEAR_HZ_PER_MEL = 200.0 / 3
_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP) if hz >= _BREAK_HZ else hz / _LINEAR_HZ_PER_MEL


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel >= _BREAK_MEL, above, mel * _LINEAR_HZ_PER_MEL)
