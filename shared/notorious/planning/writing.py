"""Writing the plan up: the drafted set with its clock, gains, scores and reasons as a Plan value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from notorious.planning.believed_key import BelievedKey, believed_whole
from notorious.planning.brief import Brief
from notorious.planning.candidates import Candidate
from notorious.planning.energy_scale import EnergyScale
from notorious.planning.gains import matched_gains
from notorious.planning.loudness import loudness_course, meant
from notorious.planning.plan import (
    Anchor,
    LeftOut,
    MasterSettings,
    Plan,
    Score,
    Slot,
    TrackReference,
    Transition,
)
from notorious.planning.pool import ARTIST_SPACING, KEY_RUN
from notorious.planning.scoring import (
    SET_WEIGHTS,
    SLOT_WEIGHTS,
    Judged,
    TransitionJudgement,
    as_score,
    judge_energy,
    judge_loudness,
    judge_play,
)
from notorious.planning.structure import Structure
from notorious.planning.tempo_map import Placement, TempoMap, lay_out


@dataclass(frozen=True)
class Draft:
    """An order with its chosen transitions on the clock."""

    structures: tuple[Structure, ...]
    path: tuple[TransitionJudgement, ...]
    tempo_map: TempoMap
    scale: EnergyScale
    free_seconds: float
    """How long it would be if every transition were where it is best."""

    @classmethod
    def of(
        cls,
        structures: tuple[Structure, ...],
        path: tuple[TransitionJudgement, ...],
        scale: EnergyScale,
        free_seconds: float,
    ) -> "Draft":
        tempo_map = lay_out(structures, [judged.candidate for judged in path])
        return cls(structures, path, tempo_map, scale, free_seconds)

    @property
    def seconds(self) -> float:
        return self.tempo_map.clock[-1].seconds

    def rank(self, asked_seconds: float | None, target: Sequence[float]) -> float:
        """What drafts are compared by: the set's score under the objective, without loudness steps."""
        parts = _set_parts(self, asked_seconds, target)
        return as_score(parts, SET_WEIGHTS).total


def write_up(
    draft: Draft, brief: Brief, left_out: tuple[LeftOut, ...], master: MasterSettings, *, target: Sequence[float]
) -> Plan:
    """The plan of a draft."""
    tempo_map = draft.tempo_map
    chosen = [judged.candidate for judged in draft.path]
    gains, steps = matched_gains(draft.structures, chosen, master.loudness_target_lufs)
    places = _places(draft, target)
    slots = tuple(
        Slot(
            index=number,
            track=_reference(structure, believed_whole(structure, brief.trust_key_tags)),
            grid=structure.track.analysis.grid,
            mix_start_beat=placement.mix_start_beat,
            mix_end_beat=placement.mix_end_beat,
            source_start_beat=placement.source_start_beat,
            mix_beats_per_source_beat=placement.mix_beats_per_source_beat,
            gain_db=gains[number],
            target_energy=place.target,
            reached_energy=place.reached,
            score=place.score,
            reasons=(*(component.reason for component in place.score.components), *_key_notes(structure, brief)),
        )
        for number, (structure, placement, place) in enumerate(
            zip(draft.structures, tempo_map.placements, places, strict=True)
        )
    )
    transitions = tuple(
        _transition(number, draft, judged, steps[number], (gains[number], gains[number + 1]))
        for number, judged in enumerate(draft.path)
    )
    asked = None if brief.minutes is None else 60.0 * brief.minutes
    return Plan(
        title=_title(brief, draft.seconds),
        brief=brief,
        slots=slots,
        transitions=transitions,
        clock=tempo_map.clock,
        energy_target=tuple(target),
        score=as_score(_set_parts(draft, asked, target), SET_WEIGHTS),
        left_out=left_out,
        master=master,
    )


def _title(brief: Brief, seconds: float) -> str:
    genre = f"{brief.genre} set" if brief.genre else "set"
    return f"{brief.curve.capitalize()} {genre}, {max(1, round(seconds / 60))} minutes"


def _key_notes(structure: Structure, brief: Brief) -> tuple[str, ...]:
    """Where the tag of a track moved its key: that is said, never done silently."""
    note = believed_whole(structure, brief.trust_key_tags).note
    return (note,) if note else ()


def _reference(structure: Structure, key: BelievedKey) -> TrackReference:
    track = structure.track
    heard = track.analysis
    return TrackReference(
        sha256=track.sha256,
        path=track.path,
        title=track.title,
        artist=track.artist,
        genre=track.genre,
        duration_seconds=heard.duration_seconds,
        bpm=heard.tempo.bpm,
        camelot=key.camelot,
        key_name=key.name,
        energy_level=heard.energy.level,
        integrated_lufs=heard.loudness.integrated_lufs,
    )


def _transition(
    number: int, draft: Draft, judged: TransitionJudgement, step_lu: float, gains_db: tuple[float, float]
) -> Transition:
    candidate, overlap = judged.candidate, draft.tempo_map.overlaps[number]
    outgoing, incoming = draft.structures[number], draft.structures[number + 1]
    # Judged by the gains that bring each track to the plan's loudness; told with the gains that they have in the end.
    course = loudness_course(outgoing, incoming, candidate, gains_db)
    judged = judged.with_part(judge_loudness(course))
    dip, rise = meant(course.dip_lu), meant(course.rise_lu)
    score = judged.score()
    leaving = (
        outgoing.passage_before(candidate.out_beat) if candidate.is_quick else outgoing.passage_at(candidate.out_beat)
    )
    return Transition(
        index=number,
        technique=candidate.technique,
        start_beat=overlap.start_beat,
        length_beats=overlap.length_beats,
        bpm=overlap.bpm,
        outgoing_stretch_percent=100.0 * overlap.outgoing_stretch,
        incoming_stretch_percent=100.0 * overlap.incoming_stretch,
        mix_out=Anchor(
            source_beat=candidate.out_beat,
            source_seconds=outgoing.seconds(candidate.out_beat),
            section=leaving.kind,
        ),
        mix_in=Anchor(
            source_beat=candidate.in_beat,
            source_seconds=incoming.seconds(candidate.in_beat),
            section=incoming.passage_at(candidate.in_beat).kind,
        ),
        expected_loudness_step_lu=step_lu,
        expected_loudness_dip_lu=dip,
        expected_loudness_rise_lu=rise,
        score=score,
        reasons=(technique_reason(judged), *(component.reason for component in score.components)),
    )


def technique_reason(judged: TransitionJudgement) -> str:
    """Why this technique, in a sentence."""
    candidate = judged.candidate
    if candidate.is_quick and not candidate.meeting.on_the_beat:
        how = "the outgoing track echoes away" if candidate.technique == "echo_out" else "a cut on the downbeat"
        return f"{_name(candidate)}: the tempos cannot be laid on each other (or a beat is not sure), so {how}"
    return f"{_name(candidate)}: {_TECHNIQUE_WORDS[candidate.technique]}"


def _name(candidate: Candidate) -> str:
    """The technique as one says it: bass swap."""
    return candidate.technique.replace("_", " ")


_TECHNIQUE_WORDS = {
    "blend": "one of the two has little bass here, so they can simply lie over each other",
    "bass_swap": "both have a bass, so it changes hands in the middle",
    "eq_swap": "both are busy, so they change hands band by band",
    "filter_sweep": "the energy falls here, so the outgoing track is swept away",
    "exponential_fade": "no firm bass in either, so a fade carries it",
    "quick_cut": "what comes is strong enough to be cut to",
    "echo_out": "the outgoing track leaves an echo and the floor to the next",
}


@dataclass(frozen=True)
class _Place:
    target: float
    reached: float
    score: Score


def _places(draft: Draft, target: Sequence[float]) -> list[_Place]:
    """Every track at its place, judged."""
    tempo_map = draft.tempo_map
    positions = np.linspace(0.0, 1.0, len(target))
    places = []
    for number, (structure, placement) in enumerate(zip(draft.structures, tempo_map.placements, strict=True)):
        begin, end = tempo_map.seconds(placement.mix_start_beat), tempo_map.seconds(placement.mix_end_beat)
        wanted = float(np.interp((begin + end) / 2 / draft.seconds, positions, target))
        played = _played_energy(structure, placement)
        reached = min(1.0, max(0.0, draft.scale.on_curve(played)))
        whole = structure.seconds(structure.audible_end_beat) - structure.seconds(structure.audible_start_beat)
        source_begin = structure.seconds(placement.source_start_beat)
        source_end = structure.seconds(placement.source_beat(placement.mix_end_beat))
        parts = (
            judge_energy(wanted, reached, None if draft.scale.is_identity else played),
            _judge_variety(draft.structures, number),
            judge_play(source_end - source_begin, whole),
        )
        places.append(_Place(wanted, reached, as_score(parts, SLOT_WEIGHTS)))
    return places


def _played_energy(structure: Structure, placement: Placement) -> float:
    """Mean energy of what is played, by beats."""
    begin, end = placement.source_start_beat, placement.source_beat(placement.mix_end_beat)
    total = weight = 0.0
    for passage in structure.passages:
        beats = min(end, passage.end_beat) - max(begin, passage.start_beat)
        if beats > 0:
            total += beats * passage.energy
            weight += beats
    return total / weight if weight else structure.passage_at(begin).energy


def _judge_variety(structures: Sequence[Structure], number: int) -> Judged:
    """No artist again within three tracks, no key for more than three."""
    track = structures[number].track
    artist = (track.artist or "").strip().casefold()
    value, words = 100.0, []
    for distance in range(1, min(ARTIST_SPACING, number) + 1):
        other = structures[number - distance].track
        if artist and (other.artist or "").strip().casefold() == artist:
            value -= 60.0
            words.append(f"{track.artist} was heard {distance} track{'s' if distance > 1 else ''} ago")
            break
    keys = {one.track.analysis.key.camelot for one in structures[max(0, number - KEY_RUN) : number + 1]}
    if number >= KEY_RUN and len(keys) == 1:
        value -= 25.0
        words.append(f"{KEY_RUN + 1} tracks in {track.analysis.key.camelot} in a row")
    return Judged("variety", value, "; ".join(words) or "nothing repeats close by")


def _set_parts(draft: Draft, asked_seconds: float | None, target: Sequence[float]) -> tuple[Judged, ...]:
    """The parts of the whole set's score."""
    parts = []
    if draft.path:
        totals = [judged.total for judged in draft.path]
        worst = min(range(len(totals)), key=totals.__getitem__)
        parts.append(
            Judged(
                "transitions",
                float(np.mean(totals)),
                f"{len(totals)} transitions, on average {np.mean(totals):.0f}; "
                f"the weakest is number {worst + 1} ({totals[worst]:.0f})",
            )
        )
    places = [place.score.total for place in _places(draft, target)]
    parts.append(
        Judged(
            "places", float(np.mean(places)), f"{len(places)} tracks, on average {np.mean(places):.0f} at their places"
        )
    )
    if asked_seconds is not None:
        off = draft.seconds - asked_seconds
        words = f"{draft.seconds / 60:.1f} minutes where {asked_seconds / 60:g} were asked for"
        value = max(0.0, 100.0 - 400.0 * max(0.0, abs(off) / asked_seconds - 0.01))
        parts.append(Judged("duration", value, words))
    return tuple(parts)
