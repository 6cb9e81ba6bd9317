"""The few meaningful ways to go from one track to another.

A candidate says on which phrase border of the outgoing track the transition begins, which beat of the incoming track
falls on it, how long both are heard, and by which technique. Candidates are made from borders only: the mix-out is a
phrase border in the last part of A; B either starts from its first phrase, or is brought in so early that one of its
borders (the drop, say) comes exactly when A is gone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from notorious.planning.brief import Brief
from notorious.planning.plan import Technique
from notorious.planning.structure import Spectrum, Structure
from notorious.planning.tempo_match import TRUSTED_TEMPO_CONFIDENCE, Meeting, apart_from, is_even, mean_bpm, meet
from notorious.theory.genres import find_genre
from notorious.theory.transition_length import transition_length

QUICK: frozenset[Technique] = frozenset({"quick_cut", "echo_out"})
"""Techniques in which the two tracks are not heard together: the incoming one begins where the outgoing one stops."""

CUT_BEATS = 1.0
"""The span of a quick cut, in beats of the outgoing track: they never sound together, but a span has a length."""

ECHO_BARS = 2
"""How long the echo of an echo-out rings into the incoming track."""

FADE_BARS = 8
"""An exponential fade between tracks without a firm beat."""

TEMPO_BARS = 4
"""So much of a track tells its tempo where nothing of the transition's length is known."""

LATEST_SHARE = 0.45
"""The mix-out lies behind this share of the outgoing track ..."""

EARLIEST_LANDING_SHARE = 0.5
"""... and what the transition lands on in the incoming track before this share of it."""

MOST_OUT_POINTS = 7
MOST_IN_POINTS = 5

SUNG = 0.5
"""A bar counts as sung from this probability on, where points are chosen that lie outside of what is sung."""

BASS_SHARE = 0.18
"""A passage whose low band holds this share of its power has a bass line or a kick that wants the floor for itself."""


@dataclass(frozen=True)
class Candidate:
    """One way from A to B. Beats are source beats; the length counts beats of A.

    `meeting` says at which tempo. `target_bars` is what the rules of transition length ask for between these passages.
    """

    technique: Technique
    out_beat: float
    in_beat: float
    length_beats: float
    meeting: Meeting
    target_bars: float
    length_reasons: tuple[str, ...]

    @property
    def is_quick(self) -> bool:
        return self.technique in QUICK

    @property
    def in_length_beats(self) -> float:
        """The length in beats of B."""
        return self.length_beats / self.meeting.level

    @property
    def in_end_beat(self) -> float:
        """The beat of B on which the transition is over."""
        return self.in_beat + self.in_length_beats

    @property
    def out_end_beat(self) -> float:
        return self.out_beat + self.length_beats


def genre_for(brief: Brief, genre: str | None) -> str | None:
    """The genre whose rules hold for a track: the brief's, else the one that its own (`Track.genre`) means."""
    return find_genre(brief.genre) or find_genre(genre)


@dataclass(frozen=True)
class Meetings:
    """How two tracks meet, by the tempos that they have where they meet.

    Tracks whose beat cannot be trusted, or whose bars differ, do not meet on the beat.
    """

    outgoing: Structure
    incoming: Structure

    def between(self, out_beat: float, out_end_beat: float, in_beat: float, in_end_beat: float) -> Meeting:
        """How they meet where these beats of both are heard together (or, at a cut, one after the other)."""
        if self._throughout is not None:
            return self._throughout
        first, second = (one.track.analysis.grid for one in (self.outgoing, self.incoming))
        return self._meet(mean_bpm(first, out_beat, out_end_beat), mean_bpm(second, in_beat, in_end_beat))

    def are_even(self, out_beat: float, out_end_beat: float, in_beat: float, in_end_beat: float) -> bool:
        """Whether both keep their tempo there."""
        return is_even(self.outgoing.track.analysis.grid, out_beat, out_end_beat) and is_even(
            self.incoming.track.analysis.grid, in_beat, in_end_beat
        )

    @cached_property
    def _throughout(self) -> Meeting | None:
        """The one meeting of two steady tracks."""
        first, second = (one.track.analysis.grid for one in (self.outgoing, self.incoming))
        steady = first.beat_seconds is None and second.beat_seconds is None
        return self._meet(first.bpm, second.bpm) if steady else None

    def _meet(self, from_bpm: float, to_bpm: float) -> Meeting:
        found = meet(from_bpm, to_bpm)
        confidences = (one.track.analysis.tempo.confidence for one in (self.outgoing, self.incoming))
        trusted = min(confidences) >= TRUSTED_TEMPO_CONFIDENCE
        if trusted and self.outgoing.beats_per_bar == self.incoming.beats_per_bar:
            return found
        return apart_from(from_bpm, to_bpm)


def candidates(outgoing: Structure, incoming: Structure, brief: Brief) -> tuple[Candidate, ...]:
    """All candidates between two tracks, in a fixed order; never none."""
    meetings = Meetings(outgoing, incoming)
    found: dict[tuple[Technique, float, float, float], Candidate] = {}
    both_steady = outgoing.track.analysis.tempo.steady and incoming.track.analysis.tempo.steady
    makers = [_quick(meetings), _long(meetings, brief)]
    if not both_steady:
        makers.append(_fades(meetings))
    for maker in makers:
        for one in maker:
            found.setdefault((one.technique, one.out_beat, one.in_beat, one.length_beats), one)
    return tuple(found.values())


def out_points(structure: Structure, *, room_bars: float) -> tuple[float, ...]:
    """Phrase borders in the last part of a track with `room_bars` left behind them, the best few, in order.

    Borders of passages come first, then 16, then 8 bars into them; of equals the later. Never none: a track without
    such a border gives its last bar line that leaves the room, or its first.
    """
    bar = structure.beats_per_bar
    earliest = structure.first_bar_beat + LATEST_SHARE * (structure.last_bar_beat - structure.first_bar_beat)
    latest = structure.last_bar_beat - room_bars * bar
    borders = {beat for beat in structure.phrase_borders() if earliest <= beat <= latest + 1e-6}
    ranked = sorted(borders, key=lambda beat: (-structure.phrase_bars(beat), -beat))[:MOST_OUT_POINTS]
    if ranked:
        after_voice = voice_ends_at(structure)
        if after_voice is not None and earliest <= after_voice <= latest and after_voice not in ranked:
            ranked.append(after_voice)
        return tuple(sorted(ranked))
    bars = max(0.0, (latest - structure.first_bar_beat) // bar)
    return (structure.first_bar_beat + bars * bar,)


def voice_ends_at(structure: Structure) -> float | None:
    """The first 4-bar border behind the last sung bar: from here on a track leaves the voice to the next one. None
    where nobody sings."""
    sung = [number for number, probability in enumerate(structure.voice_bars) if probability >= SUNG]
    if not sung:
        return None
    bar = structure.beats_per_bar
    end = structure.track.analysis.grid.first_downbeat + (sung[-1] + 1) * bar
    passage = structure.passage_at(end + 1e-6)
    return passage.start_beat + ceil((end - passage.start_beat) / (4 * bar) - 1e-6) * 4.0 * bar


def voice_begins_at(structure: Structure) -> float | None:
    """The last 4-bar border before the first sung bar: until here a track leaves the voice to the one before. None
    where nobody sings."""
    first = next((number for number, probability in enumerate(structure.voice_bars) if probability >= SUNG), None)
    if first is None:
        return None
    bar = structure.beats_per_bar
    begin = structure.track.analysis.grid.first_downbeat + first * bar
    passage = structure.passage_at(begin + 1e-6)
    return passage.start_beat + (begin - passage.start_beat) // (4 * bar) * 4.0 * bar


def landing_points(structure: Structure) -> tuple[float, ...]:
    """Borders of passages in the first part of a track, after its first: where its buildup, its drop begins."""
    span = structure.last_bar_beat - structure.first_bar_beat
    latest = structure.first_bar_beat + EARLIEST_LANDING_SHARE * span
    return tuple(passage.start_beat for passage in structure.passages[1:] if passage.start_beat <= latest)


def _lengths(target_bars: float, room_bars: float, natural_bars: Sequence[float]) -> tuple[float, ...]:
    """The target, its half and its double, as far as there is room, cut to whole phrases of 8 (or 4) bars; and the
    natural lengths, where they are whole phrases of 4 bars between half and twice the target."""
    lengths: list[float] = []
    for wanted in (target_bars, target_bars / 2, target_bars * 2):
        length = min(wanted, room_bars, 64.0)
        step = 8 if length >= 8 else 4
        length = length // step * step
        if length >= 4 and length not in lengths:
            lengths.append(length)
    for length in natural_bars:
        fits = max(4.0, target_bars / 2) <= length <= min(room_bars, target_bars * 2, 64.0) and length % 4 == 0
        if fits and length not in lengths:
            lengths.append(length)
    return tuple(lengths)


def _long(meetings: Meetings, brief: Brief) -> Iterator[Candidate]:
    """Transitions in which both are heard, beat on beat, each at one tempo."""
    outgoing, incoming = meetings.outgoing, meetings.incoming
    bar = outgoing.beats_per_bar
    genre = genre_for(brief, outgoing.track.genre)
    first_in = incoming.first_bar_beat
    voice_in = voice_begins_at(incoming)
    for out_beat in out_points(outgoing, room_bars=4):
        leaving = outgoing.passage_at(out_beat)
        landings = landing_points(incoming)
        for landing in (None, *landings[: MOST_IN_POINTS - 1]):
            begins = first_in if landing is None else max(first_in, landing - TEMPO_BARS * bar)
            meeting = meetings.between(
                out_beat, out_beat + TEMPO_BARS * bar, begins, begins + TEMPO_BARS * incoming.beats_per_bar
            )
            if not meeting.on_the_beat:
                continue
            level = meeting.level
            # In bars of A: how much of B may be under A at most (two fifths of it), and likewise of A under B.
            most_bars = 0.4 * min(outgoing.bars, incoming.bars * level)
            room = min(most_bars, (outgoing.last_bar_beat - out_beat) / bar)
            arriving = incoming.passage_at(first_in if landing is None else landing)
            rule = transition_length(
                bpm=meeting.from_bpm,
                genre=genre,
                from_section=leaving.kind,
                to_section=arriving.kind,
                energy_difference=abs(leaving.energy - arriving.energy),
                rule=brief.transition_rule,
            )
            # What ends exactly with the outgoing track, or begins exactly with the incoming one, needs no rule.
            natural = [(outgoing.last_bar_beat - out_beat) / bar]
            if landing is not None:
                natural.append((landing - first_in) * level / bar)
            elif voice_in is not None:  # and what is over when the incoming voice begins needs none either
                natural.append((voice_in - first_in) * level / bar)
            for bars in _lengths(float(rule.bars), room, natural):
                length = bars * bar
                in_beat = first_in if landing is None else landing - length / level
                if in_beat < first_in - 1e-6:
                    continue
                together = (out_beat, out_beat + length, in_beat, in_beat + length / level)
                meeting = meetings.between(*together)
                if not meeting.on_the_beat or meeting.level != level or not meetings.are_even(*together):
                    continue
                for technique in _techniques(outgoing, incoming, out_beat, in_beat, length, meeting):
                    yield Candidate(
                        technique, out_beat, in_beat, length, meeting, float(rule.bars), tuple(rule.reasons)
                    )


def _techniques(
    outgoing: Structure, incoming: Structure, out_beat: float, in_beat: float, length: float, meeting: Meeting
) -> tuple[Technique, ...]:
    """The techniques that fit two passages that are heard together."""
    one = Candidate("blend", out_beat, in_beat, length, meeting, 0.0, ())
    leaving, arriving = spectra_in(outgoing, incoming, one)
    if leaving.low >= BASS_SHARE and arriving.low >= BASS_SHARE:
        kinds = {outgoing.passage_at(out_beat).kind, incoming.passage_at(one.in_end_beat - 1).kind}
        busy = mid_overlap(leaving, arriving) > 0.5 and "drop" in kinds
        fitting: list[Technique] = ["eq_swap" if busy else "bass_swap"]
    elif leaving.low < BASS_SHARE and arriving.low < BASS_SHARE:
        fitting = ["exponential_fade"]
    else:
        fitting = ["blend"]
    if outgoing.passage_at(out_beat).energy - incoming.passage_at(in_beat).energy > 0.25:
        fitting.append("filter_sweep")
    return tuple(fitting)


def _quick(meetings: Meetings) -> Iterator[Candidate]:
    """Cuts and echo-outs: B begins, at its own tempo, on the downbeat where A stops."""
    outgoing, incoming = meetings.outgoing, meetings.incoming
    bar = outgoing.beats_per_bar
    ins = (incoming.first_bar_beat, *landing_points(incoming))[:MOST_IN_POINTS]
    for out_beat in out_points(outgoing, room_bars=0):
        for in_beat in ins:
            meeting = meetings.between(
                out_beat - TEMPO_BARS * bar, out_beat, in_beat, in_beat + TEMPO_BARS * incoming.beats_per_bar
            )
            yield Candidate("quick_cut", out_beat, in_beat, CUT_BEATS, meeting, 0.0, ())
            if outgoing.last_bar_beat - out_beat < ECHO_BARS * bar:
                continue
            yield Candidate("echo_out", out_beat, in_beat, float(ECHO_BARS * bar), meeting, 0.0, ())


def _fades(meetings: Meetings) -> Iterator[Candidate]:
    """Short fades where a tempo wavers: so short that both beats stay together."""
    outgoing, incoming = meetings.outgoing, meetings.incoming
    bar = outgoing.beats_per_bar
    for bars in (FADE_BARS, FADE_BARS // 2):
        length = float(bars * bar)
        for out_beat in out_points(outgoing, room_bars=bars):
            for in_beat in (incoming.first_bar_beat, *landing_points(incoming)[:2]):
                level = meetings.between(out_beat, out_beat + length, in_beat, in_beat + length).level
                meeting = meetings.between(out_beat, out_beat + length, in_beat, in_beat + length / level)
                if not meeting.on_the_beat or meeting.level != level:
                    continue
                yield Candidate("exponential_fade", out_beat, in_beat, length, meeting, float(FADE_BARS), ())


def spectra_in(outgoing: Structure, incoming: Structure, candidate: Candidate) -> tuple[Spectrum, Spectrum]:
    """The mean spectra of both tracks over a transition, by how long each passage lasts in it."""
    return (
        outgoing.spectrum_between(candidate.out_beat, candidate.out_end_beat),
        incoming.spectrum_between(candidate.in_beat, candidate.in_end_beat),
    )


def mid_overlap(one: Spectrum, other: Spectrum) -> float:
    """How much the middle of two passages lies in the same bands: 0 (in none) to 1 (in the same shares)."""
    first, second = (one.low_mid, one.mid, one.high), (other.low_mid, other.mid, other.high)
    total = max(sum(first), sum(second), 1e-9)
    return sum(min(a, b) for a, b in zip(first, second, strict=True)) / total
