"""What a file says of itself: hints, never truth.

Tags are read (ID3, Vorbis comments, MP4 atoms) and kept apart from what was heard in the audio.
"""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_LONGEST_TEXT = 1000
_KEY_FIELDS = ("initial_key", "initialkey", "key", "tkey")
_BPM_FIELDS = ("bpm", "tbpm", "tempo", "fbpm")
_ENERGY_FIELDS = ("energylevel", "energy", "energy_level")
_SLOWEST_BPM, _FASTEST_BPM = 20.0, 400.0
_ENERGY = re.compile(r"\benergy\s*(?:level)?\s*[:=]?\s*(\d{1,2})\b", re.IGNORECASE)
_KEY_IN_COMMENT = re.compile(r"^\s*((?:1[0-2]|0?[1-9])[ABdm]|[A-G][#b♯♭]?m?)\s*(?:-|$)")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff]")


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


def read_tags(path: Path | str) -> Tags:
    """Read the tags of a file, as far as they can be read; a file without any, or with broken ones, gives empty Tags.

    Never raises for what stands in a file: tags are hints, and a track without them is a track all the same.
    """
    import tinytag

    try:
        found = tinytag.TinyTag.get(Path(path), duration=False)
    except (tinytag.TinyTagException, OSError, ValueError, MemoryError, RecursionError):
        return Tags()
    others: dict[str, list[str]] = {}
    for name, values in found.other.items():
        texts = [str(value) for value in (values if isinstance(values, list) else [values])]
        others.setdefault(str(name).lower(), []).extend(texts)

    comments = [text for raw in (found.comment, *others.get("comment", [])) if (text := _text(raw))]
    key = _first(others, _KEY_FIELDS)
    energy = _energy([*(_first(others, (field,)) or "" for field in _ENERGY_FIELDS)], [key or "", *comments])
    if key is None:
        key = next((match.group(1) for text in comments if (match := _KEY_IN_COMMENT.match(text))), None)
    return Tags(
        title=_text(found.title),
        artist=_text(found.artist),
        album=_text(found.album),
        genre=_text(found.genre),
        year=_year(_text(found.year)),
        bpm=_bpm(_first(others, _BPM_FIELDS)),
        key=key,
        energy=energy,
        comment=comments[0] if comments else None,
    )


def _first(others: dict[str, list[str]], fields: tuple[str, ...]) -> str | None:
    for field in fields:
        for value in others.get(field, []):
            text = _text(value)
            if text is not None:
                return text
    return None


def _text(raw: object) -> str | None:
    """What can be shown of a text, on one line and of a bearable length; None where nothing is left."""
    if raw is None:
        return None
    text = " ".join(_UNPRINTABLE.sub(" ", str(raw)).split())
    return text[:_LONGEST_TEXT] or None


def _year(text: str | None) -> int | None:
    match = re.search(r"(?<!\d)([12]\d{3})(?!\d)", text or "")
    return int(match.group(1)) if match else None


def _bpm(text: str | None) -> float | None:
    match = re.match(r"(\d{1,6})(?:[.,](\d{1,6}))?", text or "")
    if match is None:
        return None
    bpm = float(f"{match.group(1)}.{match.group(2) or 0}")
    return bpm if _SLOWEST_BPM <= bpm <= _FASTEST_BPM else None


def _energy(numbers: list[str], texts: list[str]) -> int | None:
    """A tagger's energy: a number in a field of its own, or "Energy 7" inside a key or a comment."""
    for text in numbers:
        if re.fullmatch(r"\d{1,2}", text) and 1 <= int(text) <= 10:
            return int(text)
    for text in texts:
        match = _ENERGY.search(text)
        if match and 1 <= int(match.group(1)) <= 10:
            return int(match.group(1))
    return None
