"""Values that events, commands and states of all streams share."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

Category = Literal["track", "mix", "library"]
CATEGORIES: tuple[Category, ...] = ("track", "mix", "library")

LIBRARY_ID = "library"
"""A tenant has one library, so its stream needs no other name."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Camelot = Annotated[str, Field(pattern=r"^(1[0-2]|[1-9])[AB]$")]
"""A place on the Camelot wheel: 8A is A minor, 8B is C major."""

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_STREAM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


class Value(BaseModel):
    """A frozen value that admits no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(Value):
    """Large data beside the events: an object's key in the bucket, and the hash and size of what lies there."""

    key: Annotated[str, Field(min_length=1, max_length=1024)]
    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=0)]


class Cue(Value):
    """A place in a track that its owner has named."""

    start_seconds: Annotated[float, Field(ge=0)]
    name: Annotated[str, Field(max_length=100)] = ""


class TrackSummary(Value):
    """What lists, filters and searches need of an analysis; the analysis itself is referred to.

    `energy` is the level of the whole track from 1 to 10; `bpm` beats a minute.
    """

    title: Annotated[str, Field(max_length=500)]
    artist: Annotated[str, Field(max_length=500)]
    duration_seconds: Annotated[float, Field(gt=0)]
    bpm: Annotated[float, Field(gt=0)]
    camelot: Camelot
    energy: Annotated[float, Field(ge=1, le=10)]
    genre: Annotated[str, Field(max_length=200)] | None = None
    album: Annotated[str, Field(max_length=500)] | None = None
    year: Annotated[int, Field(ge=1000, le=9999)] | None = None
    loudness_lufs: float | None = None


@dataclass(frozen=True, order=True)
class StreamName:
    """Names one stream of a tenant: `track/SHA256`, `mix/ID` or `library/library`.

    Raises ValueError where the category is none of ours or the id holds anything but letters, digits, `_` and `-`.
    """

    category: Category
    id: str

    def __post_init__(self) -> None:
        if self.category not in CATEGORIES:
            raise ValueError(f"a stream's category is one of {', '.join(CATEGORIES)}, not {self.category!r}")
        if not _STREAM_ID.fullmatch(self.id):
            raise ValueError(f"a stream's id is 1 to 128 letters, digits, _ and -, not {self.id!r}")

    def __str__(self) -> str:
        return f"{self.category}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `CATEGORY/ID`; ValueError where it is none."""
        category, _, name = text.partition("/")
        return cls(category, name)  # type: ignore[arg-type]  # __post_init__ refuses what is no category

    @classmethod
    def library(cls) -> Self:
        """The one library stream of a tenant."""
        return cls("library", LIBRARY_ID)


def check_tenant(tenant: str) -> str:
    """The tenant itself, if it can be one: up to 64 letters, digits, `_`, `.` and `-`. Raises ValueError otherwise.

    It becomes a part of item keys and object keys, so a `/` in it would reach into another tenant's.
    """
    if not _TENANT.fullmatch(tenant):
        raise ValueError(f"a tenant is 1 to 64 letters, digits, _, . and -, a letter or digit first: {tenant!r}")
    return tenant
