"""The pool: what the search may choose from, as arrays, with the objective's parts that a profile can tell.

Ten thousand tracks are judged against one in a millisecond. The numbers are those of `scoring.py`, part for part; what
only the full track can tell (phrases, bands, length, loudness) is assumed to be average, so that the sums of the search
are sums of the same objective.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from notorious.planning.believed_key import KeyEvidence
from notorious.planning.brief import Brief
from notorious.planning.candidates import genre_for
from notorious.planning.energy_scale import EnergyScale
from notorious.planning.profile import USUAL_TRANSITION_BARS, TrackProfile
from notorious.planning.scoring import (
    CLASH_FACTOR,
    CUT_FACTOR,
    NO_MEETING_TEMPO_VALUES,
    QUICK_EXPOSURE,
    SET_WEIGHTS,
    SLOT_WEIGHTS,
    STRAIN_COST,
    STUMBLE_FACTOR,
    TRANSITION_WEIGHTS,
    TUNING_FREE_CENTS,
    TWO_VOICES_BARS,
    TWO_VOICES_COST,
    WAVERING,
    mean_move_score,
)
from notorious.planning.tempo_match import MAX_STRETCH_ALONE, MAX_STRETCH_SHARED, TRUSTED_TEMPO_CONFIDENCE
from notorious.theory.harmony import move_scores
from notorious.theory.tempo import tolerance_bpm

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

AVERAGE_PHRASES = 85.0
AVERAGE_BANDS = 80.0
AVERAGE_LENGTH = 85.0
AVERAGE_LOUDNESS = 90.0
"""What the best candidate of an ordinary pair reaches in the parts that a profile cannot tell."""
QUICK_LENGTH = 80.0

VOICES_AVOIDED = 0.5
"""Which part of the bars in which two tracks would both sing at their usual mix points other candidates avoid."""

JITTER = 4.0
"""Points by which the seed may prefer one track to another: enough for another set, too little for a bad one."""

BREAK_COST = 40.0
"""Where everything that fits is asked for, what can be mixed belongs together, before the curve."""

SURE_CLASH = 0.5
"""A clash counts as one when both keys are right with at least this probability."""

LARGEST_CLASH = 35.0
"""Moves that theory calls clashes score at most 30."""

ARTIST_SPACING = 3
REPEATED_ARTIST_PENALTY = 150.0
"""More than any transition is worth: an artist returns within three tracks only where nobody else is left."""
REPEATED_KEY_PENALTY = 6.0
KEY_RUN = 3
"""A key may stand for three tracks; from the fourth on it grows monotonous."""


@dataclass(frozen=True)
class Pool:
    """Profiles as arrays, all of shape (tracks,); indices into it name tracks within the search.

    `key` is that of the whole (what repeats), `key_in` and `key_out` are those at the mix points, with the brief's
    trust in tags (what meets); so are the tempos, and whether a track keeps them there (`even_in`, `even_out`).
    `energy` (level / 10) is on the scale of the curve, `artist` is a number per artist and -1 where unknown, `jitter`
    [points] comes from the brief's seed and the track's own hash alone, so that it does not change with its neighbours.
    """

    profiles: tuple[TrackProfile, ...]
    bpm_in: Floats
    bpm_out: Floats
    log2_bpm_in: Floats
    log2_bpm_out: Floats
    tolerance_bpm: Floats
    tempo_confidence: Floats
    even_in: NDArray[np.bool_]
    even_out: NDArray[np.bool_]
    key: Indices
    key_in: Indices
    key_out: Indices
    key_in_confidence: Floats
    key_out_confidence: Floats
    tuning_cents: Floats
    energy: Floats
    body_seconds: Floats
    lead_seconds: Floats
    tail_seconds: Floats
    sings_in: Floats
    sings_out: Floats
    artist: Indices
    jitter: Floats
    moves: Floats
    unknown_move: float
    break_cost: float
    """Points that a transition loses in the order, beyond its score, where it does not flow (`fitting.py`)."""

    def __len__(self) -> int:
        return len(self.profiles)

    def index_of(self, sha: str) -> int:
        """The index of the track with this hash. Raises KeyError when the pool does not hold it."""
        for index, profile in enumerate(self.profiles):
            if profile.sha256 == sha:
                return index
        raise KeyError(sha)


def pool_of(profiles: Sequence[TrackProfile], brief: Brief, scale: EnergyScale | None = None) -> Pool:
    """Lay profiles out as arrays, in the order of their hashes: the order of the library does not matter."""
    ordered = tuple(sorted(profiles, key=lambda profile: profile.sha256))
    artists: dict[str, int] = {}
    artist = [
        -1 if not one.artist else artists.setdefault(one.artist.strip().casefold(), len(artists)) for one in ordered
    ]
    tolerances: dict[str | None, float] = {}

    def tolerance(genre: str | None) -> float:
        if genre not in tolerances:
            tolerances[genre] = tolerance_bpm(genre_for(brief, genre))
        return tolerances[genre]

    def column(values: list[float]) -> Floats:
        return np.array(values, dtype=np.float32)

    bpm_in = np.array([one.mix_in_bpm for one in ordered])
    bpm_out = np.array([one.mix_out_bpm for one in ordered])
    keys_in = [KeyEvidence(*one.mix_in_key).believed(brief.trust_key_tags) for one in ordered]
    keys_out = [KeyEvidence(*one.mix_out_key).believed(brief.trust_key_tags) for one in ordered]
    return Pool(
        profiles=ordered,
        bpm_in=bpm_in.astype(np.float32),
        bpm_out=bpm_out.astype(np.float32),
        log2_bpm_in=np.log2(bpm_in).astype(np.float32),
        log2_bpm_out=np.log2(bpm_out).astype(np.float32),
        tolerance_bpm=column([tolerance(one.genre) for one in ordered]),
        tempo_confidence=column([one.tempo_confidence for one in ordered]),
        even_in=np.array([one.even_in for one in ordered], dtype=np.bool_),
        even_out=np.array([one.even_out for one in ordered], dtype=np.bool_),
        key=np.array([one.key_index for one in ordered], dtype=np.intp),
        key_in=np.array([index for index, _ in keys_in], dtype=np.intp),
        key_out=np.array([index for index, _ in keys_out], dtype=np.intp),
        key_in_confidence=column([confidence for _, confidence in keys_in]),
        key_out_confidence=column([confidence for _, confidence in keys_out]),
        tuning_cents=column([one.tuning_cents for one in ordered]),
        energy=(scale or EnergyScale()).on_curve(column([one.energy_level / 10.0 for one in ordered])),
        body_seconds=column([one.body_seconds for one in ordered]),
        lead_seconds=column([one.mix_in_seconds for one in ordered]),
        tail_seconds=column([max(0.0, one.duration_seconds - one.mix_out_seconds) for one in ordered]),
        sings_in=column([one.sings_in for one in ordered]),
        sings_out=column([one.sings_out for one in ordered]),
        artist=np.array(artist, dtype=np.intp),
        jitter=column([JITTER * _chance(brief.seed, one.sha256) for one in ordered]),
        moves=np.array(move_scores(brief.energy_boosts), dtype=np.float32),
        unknown_move=mean_move_score(brief.energy_boosts),
        break_cost=BREAK_COST if brief.minutes is None else 0.0,
    )


def _chance(seed: int, sha: str) -> float:
    """An even number in 0-1 from a seed and a track."""
    digest = sha256(f"{seed}:{sha}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2.0**48


def pair_scores(pool: Pool, outgoing: Indices, incoming: Indices | None = None) -> Floats:
    """The estimated score (0-100) of the transitions from each of `outgoing` to each of `incoming` (None: all).

    Returns float32 of shape (len(outgoing), len(incoming)).
    """
    whole = slice(None) if incoming is None else incoming
    apart = pool.log2_bpm_in[whole][None, :] - pool.log2_bpm_out[outgoing][:, None]
    fold = np.clip(np.rint(apart), -1.0, 1.0)
    stretch = np.exp2(np.abs(apart - fold)) - 1.0
    trusted = pool.tempo_confidence >= TRUSTED_TEMPO_CONFIDENCE
    meets = (stretch <= MAX_STRETCH_SHARED) & trusted[outgoing][:, None] & trusted[whole][None, :]
    tempo = _tempo_values(pool, outgoing, whole, fold)
    move = pool.moves[pool.key_out[outgoing][:, None], pool.key_in[whole][None, :]]
    sure = pool.key_out_confidence[outgoing][:, None] * pool.key_in_confidence[whole][None, :]
    detuned = np.abs(pool.tuning_cents[outgoing][:, None] - pool.tuning_cents[whole][None, :]) % 100.0
    detuned = np.minimum(detuned, 100.0 - detuned)
    lost = 0.5 * np.maximum(detuned - TUNING_FREE_CENTS, 0.0) * sure
    harmony = np.maximum(sure * move + (1.0 - sure) * pool.unknown_move - lost, 0.0)
    both_sure = pool.tempo_confidence[outgoing][:, None] * pool.tempo_confidence[whole][None, :]
    even = pool.even_out[outgoing][:, None] & pool.even_in[whole][None, :]
    weight = {name: np.float32(value / sum(TRANSITION_WEIGHTS.values())) for name, value in TRANSITION_WEIGHTS.items()}
    shared = weight["phrases"] * AVERAGE_PHRASES + weight["loudness"] * AVERAGE_LOUDNESS
    both_sing = np.float32(USUAL_TRANSITION_BARS * (1.0 - VOICES_AVOIDED) / TWO_VOICES_BARS) * (
        pool.sings_out[outgoing][:, None] * pool.sings_in[whole][None, :]
    )
    two_voices = np.minimum(both_sing, np.float32(1.0))
    mixed = (
        weight["harmony"] * harmony
        + weight["tempo"] * tempo
        + weight["confidence"] * (100.0 * both_sure * np.where(even, 1.0, WAVERING))
        + weight["voices"] * (100.0 - 100.0 * two_voices)
        + (shared + weight["bands"] * AVERAGE_BANDS + weight["length"] * AVERAGE_LENGTH)
    )
    clash = (move < LARGEST_CLASH) & (sure >= SURE_CLASH)
    mixed *= 1.0 - np.float32(STRAIN_COST) * np.maximum(stretch - np.float32(MAX_STRETCH_ALONE), 0.0)
    mixed *= 1.0 - np.float32(TWO_VOICES_COST) * two_voices
    mixed *= np.where(clash, np.float32(CLASH_FACTOR), np.float32(1.0))
    cut = (
        weight["harmony"] * (100.0 - QUICK_EXPOSURE * (100.0 - harmony))
        + weight["tempo"] * np.where(meets, 50.0 + 0.5 * tempo, NO_MEETING_TEMPO_VALUES["echo_out"])
        + weight["confidence"] * (100.0 - 50.0 * (1.0 - both_sure))
        + (shared + (weight["bands"] + weight["voices"]) * 100.0)
        + weight["length"] * np.where(meets, 60.0, QUICK_LENGTH)
    )
    cut *= np.where(meets, np.float32(CUT_FACTOR), np.float32(STUMBLE_FACTOR))
    flowing = meets & (stretch <= MAX_STRETCH_ALONE)
    best: Floats = np.where(meets, np.maximum(mixed, cut), cut).astype(np.float32)
    best -= np.where(flowing, np.float32(0.0), np.float32(pool.break_cost))
    return best


def _tempo_values(pool: Pool, outgoing: Indices, whole: slice | Indices, fold: Floats) -> Floats:
    """`theory.tempo.compare_tempo`'s score in array form, for the relations same, half and double."""
    ratio = np.exp2(fold)
    slow_bpm, other_bpm = pool.bpm_out[outgoing][:, None], pool.bpm_in[whole][None, :]
    difference = np.where(ratio >= 1.0, np.abs(other_bpm - slow_bpm * ratio), np.abs(other_bpm / ratio - slow_bpm))
    tolerance = np.minimum(pool.tolerance_bpm[outgoing][:, None], pool.tolerance_bpm[whole][None, :])
    adjustment = 100.0 * np.abs(slow_bpm * ratio / other_bpm - 1.0)
    within = 100.0 - 30.0 * difference / tolerance
    beyond = np.clip(100.0 * (1.0 - adjustment / 10.0), 0.0, 60.0)
    values: Floats = np.where(difference <= tolerance, within, beyond) * np.where(fold == 0.0, 1.0, 0.9)
    return values


def place_scores(pool: Pool, targets: Floats, whole: slice | Indices = slice(None)) -> Floats:
    """The estimated score (0-100) of tracks at places with these energy targets; shape as `targets`."""
    part = np.minimum(np.abs(pool.energy[whole] - targets) / 0.5, 1.0)
    energy = 100.0 * (1.0 - 0.6 * part - 0.4 * part * part)
    weight = SLOT_WEIGHTS["energy"] / sum(SLOT_WEIGHTS.values())
    values: Floats = (weight * energy + (1.0 - weight) * 90.0).astype(np.float32)
    return values


TRANSITION_SHARE = SET_WEIGHTS["transitions"] / (SET_WEIGHTS["transitions"] + SET_WEIGHTS["places"])
PLACE_SHARE = 1.0 - TRANSITION_SHARE
