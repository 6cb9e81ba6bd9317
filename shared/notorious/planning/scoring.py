"""The judge: what is good about a transition and about a track's place, from 0 to 100, each part with its reason.

This is the objective of planning; docs/mixing.md says the same in prose and it is the only one. The search uses the
parts that a profile can tell (harmony, tempo, confidence, energy, variety: `pool.py` holds their array form), the
choice between candidates uses all. A part is a number with a reason; the whole is their weighted mean, unless
something forbids more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log2

import numpy as np
from numpy.typing import NDArray

from notorious.planning.believed_key import MIX_POINT_BARS, BelievedKey, believed_between
from notorious.planning.brief import Brief
from notorious.planning.candidates import BASS_SHARE, QUICK, Candidate, genre_for, mid_overlap, spectra_in
from notorious.planning.loudness import LEAST_SAID_LU, LoudnessCourse
from notorious.planning.plan import Component, Score
from notorious.planning.structure import LOOKS, Structure, key_of
from notorious.planning.tempo_match import MAX_STRETCH_ALONE, is_even
from notorious.planning.voices import VoiceMeeting, voice_meeting
from notorious.theory.harmony import HarmonicMove, harmonic_move, move_scores
from notorious.theory.tempo import compare_tempo

TRANSITION_WEIGHTS: Mapping[str, float] = {
    "harmony": 26.0,
    "tempo": 20.0,
    "phrases": 20.0,
    "bands": 10.0,
    "voices": 14.0,
    "length": 12.0,
    "loudness": 8.0,
    "confidence": 9.0,
}
SLOT_WEIGHTS: Mapping[str, float] = {"energy": 65.0, "variety": 20.0, "play": 15.0}
SET_WEIGHTS: Mapping[str, float] = {"transitions": 50.0, "places": 40.0, "duration": 10.0}

QUICK_EXPOSURE = 0.35
"""How much of a harmonic clash is left when the tracks only follow each other: memory of a key lasts some seconds."""

FULL_EXPOSURE_BARS = 8.0
"""From this length on a clash is heard in full; the shortest blend still shows half of it."""

CLASH_FACTOR = 0.65
"""What is left of a transition's worth where keys that surely clash are heard together in full."""

CUT_FACTOR = 0.75
"""A cut between tracks that could be blended: it is for effect, and a set of cuts is none."""

STUMBLE_FACTOR = 0.6
"""A cut between tracks that cannot be mixed on the beat: the floor stumbles."""

NO_MEETING_TEMPO_VALUES: Mapping[str, float] = {"echo_out": 30.0, "quick_cut": 15.0}
"""The tempo part where tracks cannot be mixed on the beat: an echo hides the step in the tempo, a cut shows it."""

WAVERING = 0.7
"""What is left of the confidence of a transition in which a track does not keep its tempo."""
STRAIN_COST = 5.0
"""What a transition loses per share of bending beyond `MAX_STRETCH_ALONE`: 86 % of tempo changes in real mixes are
below 5 % (Kim et al., 2020)."""

TUNING_FREE_CENTS = 15.0
"""Detuning between two tracks that nobody notices; beyond it a point of harmony is lost for every two cents."""


TOO_SHORT_COST = 40.0
"""What a transition loses of its length's 100 for every time that it is half as long as the rules ask for."""

BROKEN_PROMISE_COST = 25.0
"""What a transition's fit loses where the outgoing track's drop begins under it: what was built up is taken away."""


TWO_VOICES_BARS = 4.0
"""From so many bars on in which both sing, nothing is left of the part: two texts at once are understood by nobody."""

TWO_VOICES_COST = 0.25
"""And so much of the whole transition is lost then."""

CUT_VOICE_COST = 45.0
FADED_VOICE_COST = 15.0
"""What is lost where a sung passage is cut off in the middle, or faded out."""

LATE_ENTRY_COST = 25.0
"""What is lost where a cut lands in the middle of a sung passage."""


@dataclass(frozen=True)
class Judged:
    """A part of a score before it becomes a Component."""

    name: str
    value: float
    reason: str


def as_score(parts: tuple[Judged, ...], weights: Mapping[str, float], factor: float = 1.0) -> Score:
    """The weighted mean of parts, times what something in them leaves of it."""
    whole = sum(weights[part.name] for part in parts)
    mean = sum(weights[part.name] * part.value for part in parts) / whole
    return Score(
        total=min(100.0, max(0.0, factor * mean)),
        components=tuple(
            Component(
                name=part.name, value=min(100.0, max(0.0, part.value)), weight=weights[part.name], reason=part.reason
            )
            for part in parts
        ),
    )


def mean_of(parts: tuple[Judged, ...], weights: Mapping[str, float], factor: float) -> float:
    """The total of `as_score` alone."""
    whole = sum(weights[part.name] for part in parts)
    return factor * sum(weights[part.name] * part.value for part in parts) / whole


@dataclass(frozen=True)
class TransitionJudgement:
    """A judged candidate."""

    candidate: Candidate
    parts: tuple[Judged, ...]
    factor: float

    @property
    def total(self) -> float:
        return mean_of(self.parts, TRANSITION_WEIGHTS, self.factor)

    def with_part(self, part: Judged) -> "TransitionJudgement":
        """The same judgement with one part in the place of its namesake."""
        return replace(self, parts=tuple(part if one.name == part.name else one for one in self.parts))

    def score(self) -> Score:
        return as_score(self.parts, TRANSITION_WEIGHTS, self.factor)


def judge_transition(
    outgoing: Structure, incoming: Structure, candidate: Candidate, brief: Brief, course: LoudnessCourse
) -> TransitionJudgement:
    """Judge one candidate; `course` is its loudness with the gains that bring both tracks to the plan's loudness."""
    exposure = exposure_of(candidate, outgoing.beats_per_bar)
    harmony, clashes = judge_harmony(outgoing, incoming, candidate, exposure, brief)
    voices = voice_meeting(outgoing, incoming, candidate)
    parts = (
        harmony,
        judge_tempo(outgoing, incoming, candidate, brief),
        judge_phrases(outgoing, incoming, candidate),
        judge_bands(outgoing, incoming, candidate),
        judge_voices(voices),
        judge_length(candidate, outgoing.beats_per_bar),
        judge_loudness(course),
        judge_confidence(outgoing, incoming, candidate),
    )
    if candidate.is_quick:
        factor = CUT_FACTOR if candidate.meeting.on_the_beat else STUMBLE_FACTOR
    else:
        factor = CLASH_FACTOR if clashes and exposure == 1.0 else 1.0
        factor *= strain_factor(candidate.meeting.bend)
        factor *= 1.0 - TWO_VOICES_COST * min(1.0, voices.shared_bars / TWO_VOICES_BARS)
    factor *= unevenness_factor(course)
    return TransitionJudgement(candidate, parts, factor)


def strain_factor(bend: float) -> float:
    """What a bend (a share, between both tracks) leaves of a transition: all up to 4 %, 80 % at 8 %."""
    return 1.0 - STRAIN_COST * max(0.0, bend - MAX_STRETCH_ALONE)


def exposure_of(candidate: Candidate, beats_per_bar: int) -> float:
    """How much of the harmony of two tracks is heard at once, 0 to 1."""
    if candidate.is_quick:
        return QUICK_EXPOSURE
    return min(1.0, 0.5 + 0.5 * candidate.length_beats / beats_per_bar / FULL_EXPOSURE_BARS)


@lru_cache(maxsize=2)
def mean_move_score(boosts_allowed: bool) -> float:
    """What a random move scores: what is to be expected where the keys are not known."""
    table = move_scores(boosts_allowed)
    return sum(map(sum, table)) / sum(map(len, table))


@lru_cache(maxsize=2 * 24 * 24)
def _move(from_camelot: str, to_camelot: str, boosts_allowed: bool) -> HarmonicMove:
    return harmonic_move(key_of(from_camelot), key_of(to_camelot), boosts_allowed=boosts_allowed)


@lru_cache(maxsize=64)
def _match(from_bpm: float, to_bpm: float, from_genre: str | None, to_genre: str | None) -> tuple[float, str]:
    """How two tempos match, and why: asked for every candidate of a pair of tracks."""
    match = compare_tempo(from_bpm, to_bpm, from_genre=from_genre, to_genre=to_genre)
    return match.score, match.reason


def keys_met(
    outgoing: Structure, incoming: Structure, candidate: Candidate, brief: Brief
) -> tuple[BelievedKey, BelievedKey]:
    """The keys of both tracks where they meet; at a cut, that of what ends there and of what begins there."""
    out_span, in_span = (candidate.out_beat, candidate.out_end_beat), (candidate.in_beat, candidate.in_end_beat)
    if candidate.is_quick:
        out_span = (candidate.out_beat - MIX_POINT_BARS * outgoing.beats_per_bar, candidate.out_beat)
        in_span = (candidate.in_beat, candidate.in_beat + MIX_POINT_BARS * incoming.beats_per_bar)
    trust = brief.trust_key_tags
    return believed_between(outgoing, *out_span, trust), believed_between(incoming, *in_span, trust)


def judge_harmony(
    outgoing: Structure, incoming: Structure, candidate: Candidate, exposure: float, brief: Brief
) -> tuple[Judged, bool]:
    """The move between the keys where the tracks meet, by how sure they are and how long both are heard; and whether it
    surely clashes."""
    first, second = keys_met(outgoing, incoming, candidate, brief)
    move = _move(first.camelot, second.camelot, brief.energy_boosts)
    sure = first.confidence * second.confidence
    detuned = tuning_distance(first.tuning_cents, second.tuning_cents)
    value = harmony_value(move.score, sure, detuned, exposure, mean_move_score(brief.energy_boosts))
    words = move.reason
    if detuned > TUNING_FREE_CENTS:
        words += f"; tuned {detuned:.0f} cents apart"
    if sure < 0.5:
        words += f"; the keys are not sure ({100 * sure:.0f} % that both are right)"
    if move.kind == "clash":
        words += "; " + (
            "they clash, but are not heard together" if exposure < 0.5 else "they clash where both are heard"
        )
    words = "; ".join([words, *(key.note for key in (first, second) if key.note)])
    return Judged("harmony", value, words), move.kind == "clash" and sure >= 0.5


def harmony_value(move: float, sure: float, detuned_cents: float, exposure: float, unknown: float) -> float:
    """The number behind `judge_harmony`; plain arithmetic, so that it takes arrays as well."""
    expected = sure * move + (1.0 - sure) * unknown - 0.5 * max(0.0, detuned_cents - TUNING_FREE_CENTS) * sure
    return 100.0 - exposure * (100.0 - max(0.0, expected))


def tuning_distance(one_cents: float, other_cents: float) -> float:
    """How far two tunings are apart, 0 to 50 cents: 100 cents are the next note, so 49 and -49 are neighbours."""
    apart = abs(one_cents - other_cents) % 100.0
    return min(apart, 100.0 - apart)


def judge_tempo(outgoing: Structure, incoming: Structure, candidate: Candidate, brief: Brief) -> Judged:
    """The tolerance of the genres, and what has to be bent."""
    meeting = candidate.meeting
    genres = genre_for(brief, outgoing.track.genre), genre_for(brief, incoming.track.genre)
    score, reason = _match(meeting.from_bpm, meeting.to_bpm, *genres)
    if not meeting.on_the_beat:
        return Judged("tempo", NO_MEETING_TEMPO_VALUES[candidate.technique], f"{reason}; not mixed on the beat")
    if candidate.technique in QUICK:
        # Nothing is bent at a cut, but the floor feels the step; so the value is the blend's, half forgiven.
        return Judged("tempo", 50.0 + 0.5 * score, f"{reason}; the tempo steps at the cut")
    bent = f"the incoming track bends {100 * meeting.incoming_stretch:+.2f} %"
    if meeting.outgoing_stretch:
        bent = f"they share the bend: {100 * meeting.outgoing_stretch:+.2f} and {100 * meeting.incoming_stretch:+.2f} %"
    elif abs(meeting.incoming_stretch) < 5e-6:
        bent = "nothing bends"
    return Judged("tempo", score, f"{reason}; {bent}")


_LEAVES_WELL: Mapping[str, float] = {
    "outro": 100.0, "breakdown": 72.0, "verse": 70.0, "drop": 55.0, "intro": 45.0, "buildup": 15.0,
}  # fmt: skip
_ARRIVES_WELL: Mapping[str, float] = {
    "intro": 100.0, "buildup": 75.0, "breakdown": 75.0, "verse": 65.0, "drop": 30.0, "outro": 5.0,
}  # fmt: skip
_CUTS_IN_WELL: Mapping[str, float] = {
    "drop": 100.0, "verse": 80.0, "intro": 65.0, "breakdown": 50.0, "buildup": 50.0, "outro": 5.0,
}  # fmt: skip
_CUTS_OUT_WELL: Mapping[str, float] = {
    "drop": 100.0, "verse": 85.0, "breakdown": 65.0, "outro": 60.0, "intro": 50.0, "buildup": 35.0,
}  # fmt: skip
_PHRASE_VALUE: Mapping[int, float] = {32: 100.0, 16: 85.0, 8: 70.0, 4: 35.0, 0: 0.0}
_BORDER_WORDS: Mapping[int, str] = {
    16: "a 16-bar phrase", 8: "an 8-bar phrase", 4: "a 4-bar phrase", 0: "no phrase",
}  # fmt: skip


def judge_phrases(outgoing: Structure, incoming: Structure, candidate: Candidate) -> Judged:
    """Borders on both sides at the beginning and at the end, and passages that suit each other."""
    starts = (outgoing.phrase_bars(candidate.out_beat), incoming.phrase_bars(candidate.in_beat))
    if candidate.is_quick:
        before = outgoing.passage_before(candidate.out_beat)
        arriving = incoming.passage_at(candidate.in_beat)
        borders = sum(_PHRASE_VALUE[rank] for rank in starts) / 2
        # A cut wants to leave at the end of something and to arrive at the beginning of something.
        fit = (_CUTS_IN_WELL[arriving.kind] + _CUTS_OUT_WELL[before.kind]) / 2
        words = f"from the end of the {before.kind} straight into the {arriving.kind}"
    else:
        landing = incoming.passage_at(candidate.in_end_beat + 1e-6)
        end_rank = max(incoming.phrase_bars(candidate.in_end_beat), outgoing.phrase_bars(candidate.out_end_beat))
        borders = (sum(_PHRASE_VALUE[rank] for rank in starts) + _PHRASE_VALUE[end_rank]) / 3
        out_kinds = outgoing.kinds_between(candidate.out_beat, candidate.out_end_beat)
        in_kinds = incoming.kinds_between(candidate.in_beat, candidate.in_end_beat)
        fit = sum(map(_LEAVES_WELL.__getitem__, out_kinds)) + sum(map(_ARRIVES_WELL.__getitem__, in_kinds))
        both_full = sum(one == other == "drop" for one, other in zip(out_kinds, in_kinds, strict=True))
        fit = (0.5 * fit - 60.0 * both_full) / LOOKS
        if out_kinds[0] != "drop" and "drop" in out_kinds:
            fit -= BROKEN_PROMISE_COST
        words = f"{' and '.join(dict.fromkeys(out_kinds))} of one under the "
        words += f"{' and '.join(dict.fromkeys(in_kinds))} of the other"
        if incoming.phrase_bars(candidate.in_end_beat) == 32:
            words += f", and the {landing.kind} comes as the other is gone"
    where = " into ".join("a section" if rank == 32 else _BORDER_WORDS[rank] for rank in starts)
    return Judged("phrases", max(0.0, 0.5 * borders + 0.5 * fit), f"{words}; border of {where}")


def judge_bands(outgoing: Structure, incoming: Structure, candidate: Candidate) -> Judged:
    """Whether two passages fight for the same bands, and whether the technique parts them."""
    if candidate.is_quick:
        return Judged("bands", 100.0, "never heard together")
    leaving, arriving = spectra_in(outgoing, incoming, candidate)
    bass = min(leaving.low, arriving.low)
    middle = mid_overlap(leaving, arriving)
    value, words = 100.0, []
    if bass >= BASS_SHARE:
        swapped = candidate.technique in ("bass_swap", "eq_swap", "filter_sweep")
        value -= 5.0 if swapped else 30.0
        words.append("two basses, swapped" if swapped else "two basses on one floor")
    else:
        words.append("one bass at a time")
    # What the middles take from each other counts in proportion to how full they both are.
    fullness = min(1.0 - leaving.low, 1.0 - arriving.low)
    cost = 45.0 * middle * fullness * (0.5 if candidate.technique in ("eq_swap", "filter_sweep") else 1.0)
    words.append(
        f"{100 * middle:.0f} % of the middle shared"
        + (", taken in turns" if cost and "eq" in candidate.technique else "")
    )
    return Judged("bands", value - cost, ", ".join(words))


def judge_voices(voices: VoiceMeeting) -> Judged:
    """Whether two voices sound at once, and whether one is cut off in the middle of a phrase."""
    if not voices.are_known:
        return Judged("voices", 100.0, "voices were not listened for")
    value = 100.0 - 100.0 * min(1.0, voices.shared_bars / TWO_VOICES_BARS)
    if voices.is_quick:
        words = "nobody sings over the other"
    elif voices.shared_bars >= 0.5:
        words = f"both sing for {voices.shared_bars:.0f} of {voices.bars:.0f} bars"
    else:
        singing = [name for name, bars in voices.sung_bars if bars >= 0.5]
        words = {
            0: "nobody sings where both are heard",
            1: f"only the {'and '.join(singing)} track sings",
            2: "they sing in turns",
        }[len(singing)]
    if voices.cuts_outgoing:
        value -= CUT_VOICE_COST if voices.is_quick else FADED_VOICE_COST
        words += f"; a sung phrase is {'cut off' if voices.is_quick else 'faded out'}"
    if voices.cuts_incoming:
        value -= LATE_ENTRY_COST
        words += "; it comes in within a sung phrase"
    return Judged("voices", max(0.0, value), words)


def judge_length(candidate: Candidate, beats_per_bar: int) -> Judged:
    """How near the length is to what the rules ask for."""
    bars = candidate.length_beats / beats_per_bar
    if candidate.is_quick:
        value = 60.0 if candidate.meeting.on_the_beat else 80.0
        return Judged("length", value, "a cut" if candidate.technique == "quick_cut" else f"an echo of {bars:g} bars")
    octaves = log2(bars / candidate.target_bars)
    # Too short is worse than too long: a blend of four bars is over before it is one.
    value = 100.0 - (20.0 * octaves if octaves > 0.0 else TOO_SHORT_COST * -octaves)
    return Judged(
        "length",
        max(0.0, value),
        f"{bars:g} bars where {candidate.target_bars:g} are asked for ({'; '.join(candidate.length_reasons)})"
        if candidate.length_reasons
        else f"{bars:g} bars",
    )


def judge_loudness(course: LoudnessCourse) -> Judged:
    """How evenly loudness goes from one track to the other: by a step, and by what sounds between its neighbours."""
    step, dip, rise = course.step_lu, course.dip_lu, course.rise_lu
    words = (
        "as loud as before" if abs(step) < 1.0 else f"{abs(step):.1f} LU {'louder' if step > 0 else 'softer'} after it"
    )
    if max(dip, rise) >= LEAST_SAID_LU:
        words += f", with a {f'dip of {dip:.1f}' if dip >= rise else f'rise of {rise:.1f}'} LU on the way"
    value = 100.0 - 10.0 * max(0.0, abs(step) - 1.0) - 10.0 * max(0.0, abs(step) - 2.0)
    value -= 20.0 * max(0.0, max(dip, rise) - 1.0)
    return Judged("loudness", max(0.0, value), words)


def unevenness_factor(course: LoudnessCourse) -> float:
    """What a dip or a rise leaves of a transition: all up to 1.5 LU, 8 % less for each further LU, 70 % at least."""
    return max(0.7, 1.0 - 0.08 * max(0.0, max(course.dip_lu, course.rise_lu) - 1.5))


def judge_confidence(outgoing: Structure, incoming: Structure, candidate: Candidate) -> Judged:
    """How sure both grids are; a transition on two grids is only as sure as both together."""
    first, second = outgoing.track.analysis.tempo, incoming.track.analysis.tempo
    sure = first.confidence * second.confidence
    if candidate.is_quick:
        return Judged("confidence", 100.0 - 50.0 * (1.0 - sure), "a cut needs one downbeat only")
    words = f"both grids are right with {100 * sure:.0f} %"
    one, other = outgoing.track.analysis.grid, incoming.track.analysis.grid
    spans = {
        "outgoing": (one, candidate.out_beat, candidate.out_end_beat),
        "incoming": (other, candidate.in_beat, candidate.in_end_beat),
    }
    wavering = [name for name, span in spans.items() if not is_even(*span)]
    if wavering:
        words += f"; the {' and the '.join(wavering)} track wavers"
    return Judged("confidence", 100.0 * sure * (WAVERING if wavering else 1.0), words)


def energy_value(distance: float) -> float:
    """What a track is worth that misses the target by `distance` (0-1): 86 at 0.1, 60 at 0.25, 0 from 0.5 on.

    Half linear, half square: the square part makes two small misses better than a large one, so that an order matters
    even where every track lies below the target.
    """
    part = min(1.0, abs(distance) / 0.5)
    return 100.0 * (1.0 - 0.6 * part - 0.4 * part * part)


LEAST_PLAY_SECONDS = 90.0
"""A track that is cut shorter than this has not been heard; shorter recordings are played whole."""

USUAL_SHARE = 0.7
MOST_SHARE = 0.9
"""DJs usually play 60 to 90 % of a track: less than 70 % costs, and so does, a little, its very end."""


def play_value(played_seconds: NDArray[np.float64], whole_seconds: float) -> NDArray[np.float64]:
    """What playing so much of a track is worth: 100 from 70 to 90 %, falling evenly to 0 at nothing and to 85 at all of
    it; half of that where it is less than 90 s (or than four fifths of the recording, if that is shorter)."""
    share = np.clip(played_seconds / max(whole_seconds, 1e-9), 0.0, 1.0)
    value = np.minimum(100.0, 100.0 * share / USUAL_SHARE) - 150.0 * np.maximum(0.0, share - MOST_SHARE)
    too_short = played_seconds < min(LEAST_PLAY_SECONDS, 0.8 * whole_seconds)
    return np.where(too_short, 0.5 * value, value)


def judge_energy(target: float, reached: float, played: float | None = None) -> Judged:
    """How near a track comes to what its place asks for; `played` is its own energy where `reached` is scaled."""
    distance = reached - target
    words = (
        "on the curve"
        if abs(distance) < 0.05
        else f"{abs(distance):.2f} {'above' if distance > 0 else 'below'} the curve"
    )
    reason = f"energy {reached:.2f} where {target:.2f} is wanted: {words}"
    if played is not None:
        reason += f" (its own {played:.2f}, on the range that this library reaches)"
    return Judged("energy", energy_value(distance), reason)


def judge_play(played_seconds: float, whole_seconds: float) -> Judged:
    """How much of the track is played."""
    value = float(play_value(np.array(played_seconds), whole_seconds))
    share = min(1.0, played_seconds / max(whole_seconds, 1e-9))
    return Judged("play", value, f"plays {played_seconds:.0f} s, {100 * share:.0f} % of it")
