"""Energy: how hard a track works, second by second and as a whole.

Two questions that listeners keep apart. The **curve** says how a track breathes: 1 is its own fullest second, 0 is
silence. The **level**, 1 to 10, says how hard its full parts push compared with other tracks. The level is a documented
heuristic of what listeners of dance music name as energy (loudness, density of attacks, brightness, tempo; compare
Juslin & Laukka 2003 on arousal cues); it is not fitted to ratings, since no open ratings on this scale exist.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.model import Energy
from notorious.analysis.spectrum import Spectra

NAME = "energy"
VERSION = 2
HOP_SECONDS = 1.0

_LOUD_RANGE_DB = 20.0  # what falls this far below the fullest seconds counts as no energy
_LOW_RANGE_DB = 18.0
_CURVE_WEIGHTS = (0.3, 0.15, 0.15, 0.4)  # loudness, low end, attacks, fullness: judgement, see docs/analysis.md
_EMPTY_SHARE = 0.4  # of the fullest seconds' fullness: a kick alone has about a half
_EVERY = 8  # frames: means over two seconds change slowly
_COMPRESSION = 0.25  # power to loudness as heard, near Stevens' law
_LEVEL_WEIGHTS = {"attacks": 0.4, "loudness": 0.3, "brightness": 0.15, "tempo": 0.15}
# About the 5th and the 95th percentile of 44 varied pieces (electronic, rock, reggae, trap, orchestra, chip music):
_ATTACK_RANGE = (2.5, 11.5)  # rise of log10 power a second, mean of the five bands
_LOUDNESS_RANGE_LUFS = (-22.0, -8.0)
_BRIGHTNESS_RANGE_DB = (-28.0, -8.0)
_TEMPO_RANGE_BPM = (80.0, 175.0)


def curve_at_frames(spectra: Spectra, *, smooth_seconds: float = 2.0) -> NDArray[np.float64]:
    """Energy from 0 to 1 at every frame of the spectra [shape=(frames,)], averaged over `smooth_seconds`."""
    width = max(round(smooth_seconds / spectra.hop_seconds), 1)
    bands = _running_mean(spectra.bands.astype(np.float64), width)
    # The ear weighs the sub-bass less than a meter does: a quarter of its power, as K-weighting roughly has it.
    loud = _share_of_range(bands @ np.array([0.25, 1.0, 1.0, 1.0, 1.0]), _LOUD_RANGE_DB)
    low = _share_of_range(bands[:, 0], _LOW_RANGE_DB)
    attacks = _running_mean(spectra.flux.sum(axis=1, dtype=np.float64)[:, None], width)[:, 0]
    most = np.quantile(attacks, 0.95)
    active = np.clip(attacks / most, 0, 1) if most > 0 else np.zeros_like(attacks)
    weighted = np.stack([loud, low, active, _fullness(spectra, width)], axis=1) @ np.array(_CURVE_WEIGHTS)
    fullest = max(float(np.quantile(weighted, 0.95)), 1e-6)
    mixed: NDArray[np.float64] = np.minimum(weighted / fullest, 1.0) * (loud > 0)
    return mixed


def _fullness(spectra: Spectra, width: int) -> NDArray[np.float64]:
    """How much sounds at once, 0 to 1 [shape=(frames,)]: the loudness of 13 bands, each against its own 95th
    percentile, so that a kick alone is not taken for a full band because it is as loud."""
    count = len(spectra.mel)
    thirteen = spectra.mel[:, :39].reshape(count, 13, 3).sum(axis=2)
    places = np.arange(0, count, _EVERY)
    total = np.vstack([np.zeros((1, 13)), np.cumsum(thirteen, axis=0, dtype=np.float64)])
    first, last = np.maximum(places - width // 2, 0), np.minimum(places + width - width // 2, count)
    mel = (total[last] - total[first]) / (last - first)[:, None]
    usual = np.maximum(np.quantile(mel, 0.95, axis=0), 1e-10)
    mean = np.minimum((mel / usual) ** _COMPRESSION, 1.2).mean(axis=1)
    most = max(float(np.quantile(mean, 0.95)), 1e-6)
    share = np.clip((mean / most - _EMPTY_SHARE) / (1.0 - _EMPTY_SHARE), 0, 1)
    between: NDArray[np.float64] = np.interp(np.arange(count, dtype=np.float64), places, share)
    return between


def hear_energy(spectra: Spectra, curve: NDArray[np.float64], *, integrated_lufs: float, bpm: float) -> Energy:
    """The energy of a track from its spectra, its curve at their frames, its loudness and its tempo."""
    per_hop = max(round(HOP_SECONDS / spectra.hop_seconds), 1)
    count = max(int(len(curve) * spectra.hop_seconds / HOP_SECONDS), 1)
    positions = np.minimum(
        np.rint(np.arange(count) * HOP_SECONDS / spectra.hop_seconds).astype(int) + per_hop // 2, len(curve) - 1
    )
    return Energy(
        level=round(_level(spectra, curve, integrated_lufs=integrated_lufs, bpm=bpm), 2),
        hop_seconds=HOP_SECONDS,
        curve=tuple(round(float(value), 3) for value in curve[positions]),
    )


def _level(spectra: Spectra, curve: NDArray[np.float64], *, integrated_lufs: float, bpm: float) -> float:
    full = curve >= np.quantile(curve, 0.5)  # the fuller half: intros and breaks do not make a track gentle
    attacks = float(spectra.flux[full].sum(axis=1, dtype=np.float64).mean()) / spectra.hop_seconds
    power = spectra.bands[full].mean(axis=0, dtype=np.float64)
    bright = 10 * np.log10((power[3:].sum() + 1e-12) / (power.sum() + 1e-12))
    shares = {
        "attacks": _share(attacks / spectra.flux.shape[1], _ATTACK_RANGE),
        "loudness": _share(integrated_lufs, _LOUDNESS_RANGE_LUFS),
        "brightness": _share(float(bright), _BRIGHTNESS_RANGE_DB),
        "tempo": _share(bpm, _TEMPO_RANGE_BPM),
    }
    return 1 + 9 * sum(_LEVEL_WEIGHTS[name] * share for name, share in shares.items())


def _share(value: float, bounds: tuple[float, float]) -> float:
    return min(max((value - bounds[0]) / (bounds[1] - bounds[0]), 0.0), 1.0)


def _share_of_range(power: NDArray[np.float64], range_db: float) -> NDArray[np.float64]:
    """Where a power lies between `range_db` below its own 95th percentile (0) and that percentile (1)."""
    reference = np.quantile(power, 0.95)
    if reference <= 1e-10:
        return np.zeros_like(power)
    shares: NDArray[np.float64] = np.clip(1 + 10 * np.log10(power / reference + 1e-12) / range_db, 0, 1)
    return shares


def _running_mean(rows: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Centred mean over `width` rows, shorter at the ends."""
    total = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    centre = np.arange(len(rows))
    first = np.maximum(centre - width // 2, 0)
    last = np.minimum(centre + width - width // 2, len(rows))
    mean: NDArray[np.float64] = (total[last] - total[first]) / (last - first)[:, None]
    return mean
