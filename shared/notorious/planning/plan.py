"""The plan: the whole set on paper.

The plan and the audio files determine the mix bit for bit. Everything is placed in **mix beats**: the clock says at
which second of the mix a beat falls, a slot says which beat of its track falls on which beat of the mix, a transition
spans beats. A plan file is this value as JSON; it can be edited by hand and is checked when it is read.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from notorious.analysis.model import Grid
from notorious.planning.brief import Brief

Technique = Literal["blend", "bass_swap", "eq_swap", "filter_sweep", "exponential_fade", "quick_cut", "echo_out"]
Parameter = Literal["fader", "low", "mid", "high", "filter", "echo"]
PLAN_FORMAT = 1


class PlanValue(BaseModel):
    """A frozen value of a plan; an unknown field is an error, since a plan is written by hands too."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Component(PlanValue):
    """One part of a score: its value from 0 to 100, its weight in the whole, its reason in words."""

    name: str
    value: float = Field(ge=0, le=100)
    weight: float = Field(ge=0)
    reason: str


class Score(PlanValue):
    """0 to 100: the weighted mean of its components, unless one of them forbids more."""

    total: float = Field(ge=0, le=100)
    components: tuple[Component, ...]


class ClockKnot(PlanValue):
    """A point of the tempo map: mix beat `beat` falls on mix second `seconds`; straight lines between knots."""

    beat: float
    seconds: float


class LanePoint(PlanValue):
    """A point of a lane; straight lines between points, level before the first and after the last."""

    beat: float
    value: float


class Lane(PlanValue):
    """One automated parameter, drawn in mix beats.

    `fader`, `low`, `mid`, `high`: amplitude, 0 (silent) to 1 (as it is). `filter`: -1 (low-pass shut) over 0 (open) to
    +1 (high-pass shut). `echo`: send, 0 to 1.
    """

    parameter: Parameter
    points: tuple[LanePoint, ...] = Field(min_length=1)


class TrackReference(PlanValue):
    """A track as the plan needs it: enough to find the file, check it, and speak of it."""

    sha256: str
    path: str
    title: str
    artist: str | None = None
    genre: str | None = None
    duration_seconds: float
    bpm: float
    camelot: str
    key_name: str
    energy_level: float
    integrated_lufs: float


class Slot(PlanValue):
    """One track's place in the set: a voice.

    The voice sounds from mix beat `mix_start_beat` to `mix_end_beat`; on `mix_start_beat` falls the track's beat
    `source_start_beat` (of `grid`), and from there the track's beats and the mix beats go together, one source beat
    lasting `mix_beats_per_source_beat` mix beats (1, or 2 and 0.5 where a track counts at half or double tempo).
    """

    index: int = Field(ge=0)
    track: TrackReference
    grid: Grid
    mix_start_beat: float
    mix_end_beat: float
    source_start_beat: float
    mix_beats_per_source_beat: float = Field(default=1.0, gt=0)
    gain_db: float
    target_energy: float = Field(ge=0, le=1)
    reached_energy: float = Field(ge=0, le=1)
    """What this track brings at its place, on the scale of the target."""
    score: Score
    reasons: tuple[str, ...] = ()


class Anchor(PlanValue):
    """Where a transition begins in a track: beat, time, and what is heard there."""

    source_beat: float
    source_seconds: float
    section: str


class Transition(PlanValue):
    """The way from slot `index` to slot `index + 1`.

    It spans `length_beats` mix beats from `start_beat`. The technique draws the lanes; `outgoing` and `incoming`, where
    given, are drawn instead of the technique's own lanes of the same parameters.
    """

    index: int = Field(ge=0)
    technique: Technique
    start_beat: float
    length_beats: float = Field(gt=0)
    bpm: float = Field(gt=0)
    outgoing_stretch_percent: float
    """How much faster than its own tempo the outgoing track plays here; negative is slower."""
    incoming_stretch_percent: float
    mix_out: Anchor
    mix_in: Anchor
    expected_loudness_step_lu: float = 0.0
    """Short-term loudness after minus before, as the two tracks are: a step that the set means."""
    expected_loudness_dip_lu: float = Field(default=0.0, ge=0, le=5)
    """How far short-term loudness falls below the softer of its neighbours on the way, as the two tracks are (a
    breakdown, say): foreseen when the plan was made, never more than 5."""
    expected_loudness_rise_lu: float = Field(default=0.0, ge=0, le=5)
    """The same above the louder of its neighbours."""
    outgoing: tuple[Lane, ...] | None = None
    incoming: tuple[Lane, ...] | None = None
    score: Score
    reasons: tuple[str, ...] = ()


class LeftOut(PlanValue):
    """A track that is not in the set, and why."""

    path: str
    reason: str


class MasterSettings(PlanValue):
    """What happens to the sum of the voices."""

    sample_rate_hz: int = 44100
    loudness_target_lufs: float = -14.0
    true_peak_ceiling_dbtp: float = -1.0


class Plan(PlanValue):
    """The whole set on paper."""

    format: int = PLAN_FORMAT
    title: str
    brief: Brief
    slots: tuple[Slot, ...] = Field(min_length=1)
    transitions: tuple[Transition, ...]
    clock: tuple[ClockKnot, ...] = Field(min_length=2)
    """Beats and seconds strictly rising; the mix begins at second 0 and ends at the last knot."""
    energy_target: tuple[float, ...]
    """The target curve, sampled evenly from the set's beginning to its end."""
    score: Score
    left_out: tuple[LeftOut, ...] = ()
    master: MasterSettings = MasterSettings()

    @property
    def duration_seconds(self) -> float:
        return self.clock[-1].seconds - self.clock[0].seconds

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.format != PLAN_FORMAT:
            raise ValueError(f"this is a plan of format {self.format}; this version reads format {PLAN_FORMAT}")
        if len(self.transitions) != len(self.slots) - 1:
            raise ValueError(
                f"{len(self.slots)} slots need {len(self.slots) - 1} transitions, not {len(self.transitions)}"
            )
        for before, after in zip(self.clock, self.clock[1:], strict=False):
            if after.beat <= before.beat or after.seconds <= before.seconds:
                raise ValueError(f"the clock must rise, but does not after mix beat {before.beat:g}")
        for number, slot in enumerate(self.slots):
            if slot.index != number:
                raise ValueError(f"slot {number} calls itself {slot.index}")
            if slot.mix_end_beat <= slot.mix_start_beat:
                raise ValueError(f"slot {number} ends before it starts")
        for number, transition in enumerate(self.transitions):
            if transition.index != number:
                raise ValueError(f"transition {number} calls itself {transition.index}")
            end_beat = transition.start_beat + transition.length_beats
            if transition.start_beat < self.slots[number + 1].mix_start_beat - 1e-6:
                raise ValueError(f"transition {number} starts before slot {number + 1} sounds")
            if end_beat > self.slots[number].mix_end_beat + 1e-6:
                raise ValueError(f"transition {number} ends after slot {number} has ended")
        return self
