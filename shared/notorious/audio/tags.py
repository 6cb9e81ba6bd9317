"""What a file says of itself: hints, never truth.

Tags are read (ID3, Vorbis comments, MP4 atoms) and kept apart from what was heard in the audio.
"""

from pydantic import BaseModel, ConfigDict


class Tags(BaseModel):
    """The tags of one file, as they stand in it; None where the file says nothing usable."""

    model_config = ConfigDict(frozen=True)

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    year: int | None = None
    bpm: float | None = None
    key: str | None = None
    """As spelt in the file: `theory.keys` reads the spellings."""
    energy: int | None = None
    """1 to 10, where a tagger wrote one ("8A - Energy 7")."""
    comment: str | None = None
