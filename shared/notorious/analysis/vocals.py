"""Vocals: is there a voice, where, of which kind, and how sure is that.

1. Every half second gets log odds of a voice from signal processing (`voice_features.py`): a linear judge, smoothed
   over two seconds.
2. Where in a track a voice is, is told by how far the signal stands between the track's median and its most voice-like
   tenth (eight seconds at least): what is usual in a track says more about its instruments than about its singer.
   Where the network musicnn was heard, of every patch of three seconds the mean logit of the tags that say "voice"
   minus that of those that say "no voice" has a small say in it, too.
3. Whether the track has a voice at all is decided once; that probability is the confidence. By the signal alone: how
   high the most voice-like tenth is, and how far it stands out, since a synth lead goes on where a singer pauses. With
   the network: the tenth in which both find a voice most, since what only one of them takes for a voice is none. Its
   sister (Million Song Dataset) may object, where nothing in a track has it think of vocalists rather than of an
   instrumental.
4. The passages are the best path through two states (Viterbi 1967), silence and voice, with a price for each change.

All weights are in `voice_weights.py`, with what they were fitted on; docs/vocals.md has how well it does.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from notorious.analysis import voice_weights as weights
from notorious.analysis.model import Audible, Grid, Vocals, VoiceKind
from notorious.analysis.spectrum import Spectra
from notorious.analysis.voice_features import HOP_SECONDS, voice_features
from notorious.networks.musicnn import MSD_TAGS, MTT_TAGS, PATCH_SECONDS, Heard

NAME = "vocals"
VERSION = 5

VOICE_TAGS = (
    "vocal", "female", "male", "singing", "vocals", "woman", "male vocal", "man", "voice", "male voice", "female vocal",
    "female voice",
)  # fmt: skip
NO_VOICE_TAGS = ("no vocals", "no vocal", "no voice")
VOCALIST_TAGS = ("female vocalists", "female vocalist", "male vocalists")
INSTRUMENTAL_TAG = "instrumental"

UNSURE_BELOW = 0.75
"""An answer that is right less often than three times of four is called a guess."""

MOST_CONFIDENCE = 0.97
"""Of a hundred answers that seemed surer than nine in ten, three or four were wrong (docs/vocals.md)."""

_SMOOTH_WINDOWS = 5
_TOP_SHARE = 0.1
_TOP_WINDOWS = 16
_LEAST_SPREAD = 0.8  # between median and most voice-like tenth: less is no difference
_CHANGE_PRICE = 1.0  # log odds; found with the threshold below: a syllable between two bars is no passage
_LEAST_LOG_ODDS = -0.5
_SHORTEST_GAP_SECONDS = 1.0
_SHORTEST_REGION_SECONDS = 1.0
MOST_SIGNAL = 2.0
"""What the signal says of a whole track counts no more than this. Leads of synths and trackers glide as a voice does,
and more of it."""
MOST_SPREAD = 6.0
MOST_ODDS_ALONE = 2.0
"""Log odds of a voice that the signal alone does not exceed (0.88): of music made of chip sounds it takes one piece of
four for sung, many of them surely."""
MOST_AT_ONCE, LEAST_OPINION, OPINION, MOST_TOGETHER = 1.5, -2.0, 0.8, 3.0
"""Of signal and network together, half second by half second: most of the signal, least of the network, its weight, and
the most that their sum counts in the end. Chosen in cross-validation on the tracks of `voice_weights.py`."""
VOCALIST_LEAD = 1.5
"""Where the likeliest of `VOCALIST_TAGS` is less than this far above `INSTRUMENTAL_TAG` in the most vocal tenth of a
track, that is an objection. Singers (five recordings, 40 demo tracks) have 1.1 and more, mostly 2 to 3."""
KIND_SURE = 2.0  # mean log odds of a passage from which "sung" or "spoken" is said
_DRUMS_SHARE = 0.25  # of the median power of the low band: what is spoken over drums is rap
_SILENT_DB = -50.0  # below the loud moments of the track: nobody is heard there

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Opinion:
    """What the networks say: log odds of a voice every half second, those of the most voice-like tenth, and how far the
    track is short of vocalists (0: not at all)."""

    local: Array
    highest: float
    instrumental: float = 0.0


def hear_vocals(spectra: Spectra, grid: Grid, audible: Audible, heard: Heard | None) -> Vocals:
    """The voices of a track.

    heard : what musicnn says of the track; None where it is not installed
    """
    rows = voice_features(spectra)
    signal = smoothed(rows @ weights.SIGNAL + weights.SIGNAL_BIAS)
    times: Array = np.arange(len(rows), dtype=np.float64) * HOP_SECONDS
    opinion = None
    if heard is not None:
        opinion = opinion_of(voice_values(heard), heard.mtt.start_seconds, times)
        opinion = replace(opinion, instrumental=instrumental_objection(heard))
    local, presence = log_odds(signal, opinion)
    silent = _silent(spectra, times) | (times < audible.start) | (times > audible.end)
    local = np.where(silent, -10.0, local)
    probability = 1.0 / (1.0 + float(np.exp(-presence)))
    regions = voice_passages(local) if probability >= 0.5 else []
    if probability >= 0.5 and not regions:  # sure that somebody sings, and unsure where: the likeliest two seconds
        best = float(times[int(np.argmax(smoothed(local)))])
        regions = [(max(best - 1.0, 0.0), best + 1.0)]
    regions = [
        (max(a, audible.start), min(b, audible.end)) for a, b in regions if b > audible.start and a < audible.end
    ]
    confidence = max(probability, 1.0 - probability)
    return Vocals(
        regions=tuple((round(a, 2), round(b, 2)) for a, b in regions),
        kinds=tuple(_kind(spectra, rows, a, b) for a, b in regions),
        per_bar=_per_bar(local, probability, grid, audible),
        confidence=round(min(confidence, MOST_CONFIDENCE), 3),
        unsure=confidence < UNSURE_BELOW,
        source="signal" if opinion is None else "networks",
    )


def log_odds(signal: Array, opinion: Opinion | None) -> tuple[Array, float]:
    """The log odds of a voice every half second [shape=signal.shape] if there is one at all, and that there is one."""
    if opinion is None:
        local = moment_columns(signal, None) @ weights.LOCAL_ALONE[1:] + weights.LOCAL_ALONE[0]
        presence = weights.TRACK_ALONE[0] + float(track_columns(signal, None) @ weights.TRACK_ALONE[1:])
        return local, min(presence, MOST_ODDS_ALONE)
    local = moment_columns(signal, opinion) @ weights.LOCAL[1:] + weights.LOCAL[0]
    return local, weights.TRACK[0] + float(track_columns(signal, opinion) @ weights.TRACK[1:])


def moment_columns(signal: Array, opinion: Opinion | None) -> Array:
    """What tells where a voice is [shape=(windows, 2 or 4)]: the signal, where it stands between the median and the
    most voice-like tenth of its track; the network there, and in its most voice-like tenth."""
    top, usual = most_voice_like(signal), float(np.median(signal))
    columns = [signal, (signal - usual) / max(top - usual, _LEAST_SPREAD)]
    if opinion is not None:
        columns += [opinion.local, np.full(len(signal), opinion.highest)]
    return np.column_stack(columns)


def track_columns(signal: Array, opinion: Opinion | None) -> Array:
    """What tells whether there is a voice [shape=(2,)]. Of the signal alone: its most voice-like tenth, and how far
    that stands above its median. With the networks: the tenth where both together say it most, and the objection."""
    if opinion is None:
        top = most_voice_like(signal)
        spread = min(top - float(np.median(signal)), MOST_SPREAD)
        return np.array([min(top, MOST_SIGNAL), spread])
    both = np.minimum(signal, MOST_AT_ONCE) + OPINION * np.maximum(opinion.local, LEAST_OPINION)
    return np.array([min(most_voice_like(both), MOST_TOGETHER), -opinion.instrumental])


def smoothed(values: Array) -> Array:
    """A Hann-weighted mean over `_SMOOTH_WINDOWS` [shape=values.shape]."""
    window = np.hanning(_SMOOTH_WINDOWS + 2)[1:-1]
    padded = np.pad(values, _SMOOTH_WINDOWS // 2, mode="edge")
    mean: Array = np.convolve(padded, window / window.sum(), "valid")
    return mean


def most_voice_like(signal: Array) -> float:
    """The mean of the highest tenth, of eight seconds at least."""
    count = min(len(signal), max(_TOP_WINDOWS, int(_TOP_SHARE * len(signal))))
    return float(np.sort(signal)[-count:].mean())


def voice_values(heard: Heard) -> Array:
    """What the network that was trained on instruments and voices (MagnaTagATune) says of its patches: log odds.

    The other (Million Song Dataset) takes leads of trance and house for singers and adds nothing to this one; see
    `instrumental_objection` for what it does tell.
    """
    voice = [MTT_TAGS.index(tag) for tag in VOICE_TAGS]
    none = [MTT_TAGS.index(tag) for tag in NO_VOICE_TAGS]
    logits = heard.mtt.logits.astype(np.float64)
    values: Array = logits[:, voice].mean(axis=1) - logits[:, none].mean(axis=1)
    return values


def instrumental_objection(heard: Heard) -> float:
    """How far the network that was trained on released songs finds the most vocal tenth of a track short of vocalists;
    0 where it does not."""
    logits = heard.msd.logits.astype(np.float64)
    vocalists = logits[:, [MSD_TAGS.index(tag) for tag in VOCALIST_TAGS]].max(axis=1)
    most = np.quantile(vocalists - logits[:, MSD_TAGS.index(INSTRUMENTAL_TAG)], 1 - _TOP_SHARE)
    return max(0.0, VOCALIST_LEAD - float(most))


def opinion_of(values: Array, start_seconds: Array, times: Array) -> Opinion:
    """Those values at other times, in straight lines between the middles of the patches; and their highest tenth."""
    local = np.interp(times, start_seconds + PATCH_SECONDS / 2, values)
    return Opinion(local=local, highest=float(np.quantile(values, 1 - _TOP_SHARE)))


def _silent(spectra: Spectra, times: Array) -> NDArray[np.bool_]:
    power = spectra.bands.sum(axis=1, dtype=np.float64)
    frames = np.minimum(np.rint(times / spectra.hop_seconds).astype(int), len(power) - 1)
    reach = round(HOP_SECONDS / spectra.hop_seconds / 2)
    total = np.concatenate([[0.0], np.cumsum(power)])
    first, last = np.maximum(frames - reach, 0), np.minimum(frames + reach + 1, len(power))
    mean = (total[last] - total[first]) / (last - first)
    quiet: NDArray[np.bool_] = mean < np.quantile(power, 0.95) * 10 ** (_SILENT_DB / 10)
    return quiet


def voice_passages(local: Array) -> list[tuple[float, float]]:
    """Passages [seconds] with a voice: the best path through voice and no voice, a price on each change.

    local : np.ndarray [shape=(windows,)], log odds every `HOP_SECONDS`
    """
    gain = local - _LEAST_LOG_ODDS
    back = np.zeros((len(gain), 2), dtype=np.intp)
    score = [0.0, float(gain[0])]
    for number in range(1, len(gain)):
        into_none = (score[0], score[1] - _CHANGE_PRICE)
        into_voice = (score[0] - _CHANGE_PRICE, score[1])
        back[number] = int(into_none[1] > into_none[0]), int(into_voice[1] >= into_voice[0])
        score = [max(into_none), max(into_voice) + float(gain[number])]
    states = np.zeros(len(gain), dtype=np.intp)
    states[-1] = int(score[1] > score[0])
    for number in range(len(gain) - 1, 0, -1):
        states[number - 1] = back[number, states[number]]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], states, [0]])))
    half = HOP_SECONDS / 2  # a window speaks for the half second around its centre
    found = [
        (max(float(a) * HOP_SECONDS - half, 0.0), float(b) * HOP_SECONDS - half)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
    joined: list[tuple[float, float]] = []
    for a, b in found:
        if joined and a - joined[-1][1] < _SHORTEST_GAP_SECONDS:
            joined[-1] = (joined[-1][0], b)
        else:
            joined.append((a, b))
    return [(a, b) for a, b in joined if b - a >= _SHORTEST_REGION_SECONDS]


def _per_bar(local: Array, probability: float, grid: Grid, audible: Audible) -> tuple[float, ...]:
    """The probability of a voice in each bar, one a downbeat: the mean over its windows, times that of any voice."""
    lines = grid.downbeats()
    length = grid.beat_length_seconds * grid.beats_per_bar
    shares = 1.0 / (1.0 + np.exp(-local))
    found = []
    for start, end in zip(lines, [*lines[1:], (lines[-1] if lines else 0.0) + length], strict=True):
        first = int(np.ceil(start / HOP_SECONDS))
        last = max(int(np.ceil(end / HOP_SECONDS)), first + 1)
        inside = shares[min(first, len(shares) - 1) : last]
        found.append(round(probability * float(inside.mean()), 3) if start < audible.end else 0.0)
    return tuple(found)


def _kind(spectra: Spectra, rows: Array, start: float, end: float) -> VoiceKind:
    """What a passage is: sung or spoken by its features; what is spoken over drums is rap."""
    first = min(int(start / HOP_SECONDS), len(rows) - 1)
    inside = rows[first : max(int(end / HOP_SECONDS), first + 1)]
    sung = float((inside @ weights.SUNG + weights.SUNG_BIAS).mean())
    if sung > KIND_SURE:
        return "singing"
    if sung > -KIND_SURE:
        return "unsure"
    low = spectra.bands[:, 0]
    here = low[spectra.frame_at(start) : spectra.frame_at(end) + 1]
    return "rap" if float(here.mean()) > _DRUMS_SHARE * float(np.median(low)) else "speech"
