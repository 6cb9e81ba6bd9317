"""Which tracks of a library a mix may use.

A selection names all tracks, some by their hash, or those that a query finds. A query has the parameters of the tracks
list of the API; all that are given have to hold.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from notorious.domain import Reference
from notorious.domain.mix_events import Selection
from notorious.domain.track_events import TrackCorrected
from notorious.errors import BriefError
from notorious.theory.harmony import harmonic_move
from notorious.theory.keys import ALL_KEYS, Key

COMPATIBLE_SCORE: Final = 80.0
"""The same key, its relative, or one step on the wheel."""


@dataclass(frozen=True)
class LibraryTrack:
    """A track as the library's view holds it: what it is said to be, with its owner's corrections."""

    sha256: str
    file_name: str
    analysis: Reference | None
    correction: TrackCorrected | None
    title: str = ""
    artist: str = ""
    album: str = ""
    genre: str = ""
    bpm: float = 0.0
    camelot: str = ""
    energy: float = 0.0
    duration_seconds: float = 0.0
    added_at: str = ""
    """ISO 8601, UTC."""
    analysers: Mapping[str, int] = field(default_factory=dict)
    pending_since: str | None = None
    """When its analysis was asked for, while nothing came of it."""
    stems_under_way: tuple[str, ...] = ()
    """The models that it is being separated by."""


def selected(tracks: Iterable[LibraryTrack], selection: Selection) -> tuple[LibraryTrack, ...]:
    """The tracks that were heard and that the selection names. Raises BriefError for what it cannot mean."""
    heard = [track for track in tracks if track.analysis is not None]
    match selection.kind:
        case "all":
            return tuple(heard)
        case "tracks":
            return _named(heard, selection.tracks)
        case "query":
            tests = [_test(name, value) for name, value in selection.query.items() if value is not None]
            return tuple(track for track in heard if all(test(track) for test in tests))


def _named(heard: Sequence[LibraryTrack], hashes: Sequence[str]) -> tuple[LibraryTrack, ...]:
    by_hash = {track.sha256: track for track in heard}
    missing = [sha256 for sha256 in hashes if sha256 not in by_hash]
    if missing:
        some = ", ".join(f"{sha256[:12]}…" for sha256 in missing[:5])
        raise BriefError(
            f"the selection names {len(missing)} tracks that are not in the library or not heard yet ({some}); "
            "wait until they are analysed, or leave them out"
        )
    return tuple(by_hash[sha256] for sha256 in dict.fromkeys(hashes))


Test = Callable[[LibraryTrack], bool]


def _test(name: str, value: Any) -> Test:
    maker = _TESTS.get(name)
    if maker is None:
        raise BriefError(f"the selection asks for {name!r}; a query may ask for {', '.join(_TESTS)}")
    try:
        return maker(value)
    except (TypeError, ValueError) as error:
        raise BriefError(f"the selection's {name} cannot be {value!r}: {error}") from error


def _text(value: Any) -> Test:
    words = str(value).casefold().split()

    def holds(track: LibraryTrack) -> bool:
        text = " ".join((track.title, track.artist, track.album, track.genre, track.file_name)).casefold()
        return all(word in text for word in words)

    return holds


def _camelot(value: Any) -> Test:
    wanted = Key.parse(str(value)).camelot
    return lambda track: track.camelot == wanted


def _compatible(value: Any) -> Test:
    start = Key.parse(str(value))
    wanted = {key.camelot for key in ALL_KEYS if harmonic_move(start, key).score >= COMPATIBLE_SCORE}
    return lambda track: track.camelot in wanted


def _genre(value: Any) -> Test:
    wanted = str(value).casefold().strip()
    return lambda track: track.genre.casefold().strip() == wanted


def _artist(value: Any) -> Test:
    wanted = str(value).casefold().strip()
    return lambda track: track.artist.casefold().strip() == wanted


def _at_least(attribute: str) -> Callable[[Any], Test]:
    def make(value: Any) -> Test:
        least = float(value)
        return lambda track: float(getattr(track, attribute)) >= least

    return make


def _at_most(attribute: str) -> Callable[[Any], Test]:
    def make(value: Any) -> Test:
        most = float(value)
        return lambda track: float(getattr(track, attribute)) <= most

    return make


def _added_after(value: Any) -> Test:
    return lambda track: track.added_at >= str(value)


def _added_before(value: Any) -> Test:
    return lambda track: track.added_at < str(value)


_TESTS: Mapping[str, Callable[[Any], Test]] = {
    "text": _text,
    "camelot": _camelot,
    "compatible_with": _compatible,
    "genre": _genre,
    "artist": _artist,
    "bpm_min": _at_least("bpm"),
    "bpm_max": _at_most("bpm"),
    "energy_min": _at_least("energy"),
    "energy_max": _at_most("energy"),
    "added_after": _added_after,
    "added_before": _added_before,
}
