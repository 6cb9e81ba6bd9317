"""Which tracks of a crate sound like a given one, and why.

Nearness is the cosine between embeddings, for all tracks at once one product of a matrix and a vector: thirty thousand
tracks in a few milliseconds. Only embeddings of one name are compared; a track whose embedding has another one (it was
heard with other networks) is counted, not ranked.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.model import Track
from notorious.errors import InputError
from notorious.library.crate import Crate
from notorious.library.finding import find_track
from notorious.theory.harmony import harmonic_move
from notorious.theory.keys import Key
from notorious.theory.tempo import compare_tempo

DIGEST_VERSION = "1"
# Of two tracks by different artists one pair in ten is as much alike, and one in a hundred (measured on artists that
# the embeddings were not fitted to, see docs/similarity.md).
_USUAL_LIKENESS, _GREAT_LIKENESS = 0.4, 0.7


@dataclass(frozen=True)
class Portrait:
    """What likeness is judged by, small enough to be kept for each track of a large library."""

    path: str
    sha256: str
    title: str
    artist: str | None
    bpm: float
    camelot: str
    energy: float
    genre: str | None
    embedding_name: str
    embedding: str

    @property
    def point(self) -> NDArray[np.float32]:
        """The embedding [shape=(dimensions,)], float32, of length one."""
        values = np.frombuffer(base64.b64decode(self.embedding), "<f2").astype(np.float32)
        return values / max(float(np.linalg.norm(values)), 1e-9)


@dataclass(frozen=True)
class Neighbour:
    """A track that sounds like another: `likeness` is the cosine (1 is the same), `reasons` say what they share."""

    track: Portrait
    likeness: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Neighbourhood:
    """The tracks nearest to `of`; `compared` were ranked, `incomparable` could not be."""

    of: Portrait
    neighbours: tuple[Neighbour, ...]
    compared: int
    incomparable: int


def nearest(crate: Crate, wish: str, *, count: int = 10, cancelled: Callable[[], bool] | None = None) -> Neighbourhood:
    """The `count` tracks of a crate that sound most like the one that is meant by `wish` (see `find_track`).

    Raises BriefError where no track or several are meant, InputError where it has no embedding.
    """
    rows = crate.digests("likeness", DIGEST_VERSION, _digest, cancelled=cancelled)
    portraits = [Portrait(**row) for row in rows]
    sha256 = find_track(wish, portraits)
    of = next(portrait for portrait in portraits if portrait.sha256 == sha256)
    if not of.embedding:
        raise InputError(f"{of.path} has no embedding to compare by; analyse it again")
    comparable = [one for one in portraits if one.embedding_name == of.embedding_name and one.sha256 != sha256]
    found: list[Neighbour] = []
    if comparable:
        likeness = np.stack([one.point for one in comparable]) @ of.point
        order = np.argsort(-likeness, kind="stable")[:count]
        found = [
            Neighbour(comparable[i], round(float(likeness[i]), 4), reasons(of, comparable[i], float(likeness[i])))
            for i in order
        ]
    return Neighbourhood(of, tuple(found), len(comparable), len(portraits) - 1 - len(comparable))


def reasons(of: Portrait, other: Portrait, likeness: float) -> tuple[str, ...]:
    """Why they are alike, in words: sound, tempo, key, energy, genre; and where they are not."""
    if likeness >= _GREAT_LIKENESS:
        sound = "sounds very much alike"
    elif likeness >= _USUAL_LIKENESS:
        sound = "sounds alike"
    else:
        sound = "sounds rather different"
    tempo = compare_tempo(of.bpm, other.bpm)
    move = harmonic_move(Key.parse(of.camelot), Key.parse(other.camelot))
    said = [sound, f"tempo: {tempo.reason}", f"key: {of.camelot} to {other.camelot}, {move.quality}"]
    apart = other.energy - of.energy
    if abs(apart) < 1:
        said.append("as energetic")
    else:
        said.append(f"energy {'higher' if apart > 0 else 'lower'} by {abs(apart):.0f}")
    if of.genre is not None and of.genre == other.genre:
        said.append(f"both {of.genre}")
    return tuple(said)


def _digest(track: Track) -> dict[str, Any]:
    heard = track.analysis
    genre = heard.genre
    return {
        "path": track.path,
        "sha256": track.sha256,
        "title": track.title,
        "artist": track.artist,
        "bpm": heard.tempo.bpm,
        "camelot": heard.key.camelot,
        "energy": heard.energy.level,
        "genre": genre.sure_label if genre is not None else None,
        "embedding_name": heard.embedding.name if heard.embedding is not None else "",
        "embedding": heard.embedding.data if heard.embedding is not None else "",
    }
