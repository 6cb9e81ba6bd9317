"""The brief: what is asked of a set."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CurveName = Literal["build", "decline", "wave", "steady", "double-peak", "late-peak", "rollercoaster", "plateau-peak"]
TimeOfDay = Literal["opening", "prime", "closing"]
Venue = Literal["intimate", "energetic"]
TransitionRule = Literal["practice", "genre"]


class PlateauWish(BaseModel):
    """A stretch of constant energy that overrides the curve; `start` and `end` are shares of the set, from 0 to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: float = Field(ge=0, le=1)
    end: float = Field(ge=0, le=1)
    energy: float = Field(ge=0.1, le=1)
    purpose: str = ""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"a plateau must end after it starts, not from {self.start:g} to {self.end:g}")
        return self


class Brief(BaseModel):
    """What is asked of a set. Tracks are named by their SHA-256; whoever takes the wish finds it by path or title."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: float | None = Field(default=None, gt=0, le=24 * 60)
    """Length of the set; None takes every track that fits."""
    curve: CurveName = "late-peak"
    plateaus: tuple[PlateauWish, ...] = ()
    time_of_day: TimeOfDay | None = None
    venue: Venue | None = None
    genre: str | None = None
    """Genre of the set: rules for tempo tolerance and transition length; None takes each track's own tag."""
    start: str | None = None
    end: str | None = None
    exclude: tuple[str, ...] = ()
    bpm_min: float | None = Field(default=None, gt=0)
    bpm_max: float | None = Field(default=None, gt=0)
    energy_boosts: bool = True
    """Whether moves that lift the room (seven steps, two steps on the wheel) are allowed."""
    trust_key_tags: float = Field(default=0.0, ge=0, le=1)
    """How far the key in a file's tags is trusted: the probability that it is right before the track is heard. 0, the
    default, goes by the ear alone; 1 by the tag alone. See `planning.believed_key`."""
    transition_rule: TransitionRule = "practice"
    """`genre`: a target in seconds per genre. `practice`: the lengths that real mixes use, multiples of 8 bars."""
    seed: int = 0

    @model_validator(mode="after")
    def _tempo_range_is_a_range(self) -> Self:
        if self.bpm_min is not None and self.bpm_max is not None and self.bpm_max < self.bpm_min:
            raise ValueError(f"the tempo range {self.bpm_min:g}-{self.bpm_max:g} ends below its start")
        return self
