"""Genres: one canonical name for many spellings, families, usual tempos.

Names and families are our own judgement of how DJ shops and taggers divide dance music; so are the tempo ranges that a
DJ expects of each. They are hints for octave errors and for display, and nothing is refused because of them.

A genre may stand under another one (`parent`): where a rule names no number for it, the parent's number holds.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Genre:
    """A genre: `bpm_low` to `bpm_high` is the usual tempo; `aliases` are other spellings, in lower case."""

    name: str
    family: str
    bpm_low: float
    bpm_high: float
    parent: str | None = None
    aliases: tuple[str, ...] = ()


GENRES: tuple[Genre, ...] = (
    Genre("house", "house", 118, 130, None, ("chicago house", "classic house", "dance")),
    Genre("deep house", "house", 116, 126, None, ("deephouse", "organic house")),
    Genre("tech house", "house", 122, 130, None, ("techhouse", "minimal deep tech", "deep tech")),
    Genre("progressive house", "house", 118, 130, None, ("prog house", "progressive", "melodic house")),
    Genre("afro house", "house", 116, 126, "house", ("afrohouse", "afro tech")),
    Genre("acid house", "house", 118, 128, "house"),
    Genre("funky house", "house", 120, 130, "house", ("jackin house", "soulful house", "disco house", "french house")),
    Genre("future house", "house", 122, 130, "house", ("slap house", "bass house", "electro house", "big room")),
    Genre("techno", "techno", 124, 145, None, ("detroit techno", "peak time techno", "raw techno", "peak time")),
    Genre("minimal techno", "techno", 120, 132, None, ("minimal", "micro house", "microhouse")),
    Genre("melodic techno", "techno", 120, 128, "techno", ("melodic house and techno",)),
    Genre("hard techno", "techno", 138, 160, "techno", ("industrial techno", "schranz", "acid techno")),
    Genre("dub techno", "techno", 115, 130, "techno"),
    Genre("trance", "trance", 130, 142, None, ("vocal trance", "classic trance")),
    Genre("progressive trance", "trance", 126, 138, None, ("prog trance",)),
    Genre("uplifting trance", "trance", 136, 142, "trance", ("epic trance",)),
    Genre("psytrance", "trance", 136, 150, "trance", ("psy trance", "psychedelic trance", "goa", "goa trance")),
    Genre("drum and bass", "drum and bass", 165, 180, None,
          ("dnb", "d n b", "d and b", "drum n bass", "drum bass", "drumnbass", "drumandbass", "neurofunk", "jump up")),
    Genre("liquid drum and bass", "drum and bass", 168, 178, "drum and bass",
          ("liquid", "liquid funk", "liquid dnb", "liquid d and b")),
    Genre("jungle", "drum and bass", 155, 175, None, ("ragga jungle",)),
    Genre("dubstep", "bass", 138, 150, None, ("brostep", "riddim")),
    Genre("uk garage", "bass", 128, 138, None, ("garage", "ukg", "2 step", "2step", "speed garage", "future garage")),
    Genre("breakbeat", "bass", 120, 140, None, ("breaks", "nu skool breaks", "big beat", "uk bass", "bassline")),
    Genre("grime", "bass", 136, 144),
    Genre("electro", "electro", 120, 138, None, ("electroclash",)),
    Genre("hardcore", "hard dance", 155, 200, None, ("gabber", "happy hardcore", "speedcore", "frenchcore")),
    Genre("hardstyle", "hard dance", 148, 160, None, ("hard dance", "jumpstyle", "rawstyle")),
    Genre("hip-hop", "hip-hop", 75, 105, None, ("hip hop", "hiphop", "rap", "boom bap", "old school hip hop")),
    Genre("trap", "hip-hop", 65, 80, None, ("trap music", "drill", "uk drill", "future bass")),
    Genre("r&b", "hip-hop", 60, 110, None, ("rnb", "r and b", "r n b", "rhythm and blues", "neo soul")),
    Genre("downtempo", "downtempo", 70, 110, None, ("down tempo", "trip hop", "triphop", "leftfield")),
    Genre("chillout", "downtempo", 70, 115, None, ("chill out", "chill", "lounge", "lo fi", "lofi", "chillhop")),
    Genre("ambient", "downtempo", 50, 110, None, ("drone", "ambient music")),
    Genre("disco", "disco", 105, 128, None, ("nu disco", "nudisco", "italo disco", "indie dance")),
    Genre("synthwave", "electronic", 80, 120, None, ("retrowave",)),
    Genre("electronic", "electronic", 90, 140, None, ("electronica", "edm", "electronic music")),
    Genre("pop", "pop", 90, 130, None, ("dance pop", "synth pop", "synthpop", "electropop", "top 40")),
    Genre("rock", "rock", 90, 150, None, ("indie rock", "alternative", "alternative rock", "metal", "punk")),
    Genre("reggae", "reggae", 60, 95, None, ("dub", "roots reggae")),
    Genre("dancehall", "reggae", 85, 110, None, ("reggaeton", "moombahton")),
    Genre("latin", "latin", 85, 130, None, ("salsa", "baile funk", "cumbia")),
    Genre("afrobeats", "afro", 95, 120, None, ("afrobeat", "amapiano", "afro")),
    Genre("funk", "funk", 90, 125, None, ("soul", "funk soul")),
    Genre("jazz", "jazz", 60, 180, None, ("nu jazz", "acid jazz")),
    Genre("classical", "classical", 40, 180, None, ("classical music", "orchestral", "soundtrack")),
)  # fmt: skip

_BY_NAME: Mapping[str, Genre] = {genre.name: genre for genre in GENRES}


def genre_named(name: str) -> Genre:
    """The genre with this canonical name. Raises ValueError otherwise; `find_genre` knows the other spellings."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise ValueError(f"{name!r} is not a genre known here; known are {', '.join(sorted(_BY_NAME))}") from None


@lru_cache(maxsize=4096)
def find_genre(text: str | None) -> str | None:
    """The canonical genre that a tag means: `D&B`, `DnB / Jungle`, `Hip Hop`, `RnB`, `Prog. House`; None when unknown.

    The whole tag is tried first, then each of its parts between commas, slashes and the like, then the longest known
    name inside it.
    """
    if not text:
        return None
    whole = _squeeze(text)
    if whole in _spellings():
        return _spellings()[whole]
    for part in re.split(r"[/,;|()\[\]>]+", text):
        squeezed = _squeeze(part)
        if squeezed in _spellings():
            return _spellings()[squeezed]
    padded = f" {whole} "
    inside = [spelling for spelling in _spellings() if len(spelling) > 3 and f" {spelling} " in padded]
    if not inside:
        return None
    # The longest says the most ("tech house" more than "house"); of two equally long ones the later in the tag.
    return _spellings()[max(inside, key=lambda spelling: (len(spelling), padded.rfind(f" {spelling} ")))]


def rule_for(genre: str | None, rules: Mapping[str, T]) -> T | None:
    """What a rule says for a genre, in any spelling: its own entry, else its parent's, else None."""
    name = find_genre(genre)
    while name is not None:
        if name in rules:
            return rules[name]
        name = _BY_NAME[name].parent
    return None


def usual_bpm(genre: str | None) -> tuple[float, float] | None:
    """The tempo range that is usual for a genre in any spelling, in BPM; None when the genre is unknown."""
    name = find_genre(genre)
    return None if name is None else (_BY_NAME[name].bpm_low, _BY_NAME[name].bpm_high)


def _squeeze(text: str) -> str:
    """Lower case, accents off, ampersands spelt out, every other sign a space."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"\s*[&+]\s*|\s*['’`]\s*n\s*['’`]\s*|\s+n\s+", " and ", text)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text).split())


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    return {_squeeze(spelling): genre.name for genre in GENRES for spelling in (*genre.aliases, genre.name)}
