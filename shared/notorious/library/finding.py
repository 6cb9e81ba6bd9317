"""Finding the track that someone means by a path, a piece of a hash, or a piece of a title."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from notorious.errors import BriefError

_HEX = frozenset("0123456789abcdef")
_SHORTEST_HASH = 6
_SHOWN = 5


class Named(Protocol):
    """What has a path, a hash, a title and perhaps an artist."""

    @property
    def path(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def artist(self) -> str | None: ...


def find_track(wish: str, tracks: Sequence[Named]) -> str:
    """The SHA-256 of the one track that is meant.

    Looked for in this order, the first kind that finds anything decides: its path; the beginning of its hash (at
    least six digits); the name of its file; its title, or "artist - title", alone; a part of them. Case does not
    matter but for paths. Raises BriefError where no track fits, or several do, naming them.
    """
    text = wish.strip()
    if not text:
        raise BriefError("a track cannot be found by an empty name; give a path, a part of its title, or its hash")
    whole_path = os.path.abspath(os.path.expanduser(text))
    low = text.casefold()
    is_hash = len(low) >= _SHORTEST_HASH and set(low) <= _HEX
    kinds = (
        [track for track in tracks if track.path in (text, whole_path)],
        [track for track in tracks if is_hash and track.sha256.startswith(low)],
        [track for track in tracks if low in (Path(track.path).name.casefold(), Path(track.path).stem.casefold())],
        [track for track in tracks if low in (track.title.casefold(), _full_name(track))],
        [track for track in tracks if low in _full_name(track)],
    )
    found = next((kind for kind in kinds if kind), [])
    hashes = dict.fromkeys(track.sha256 for track in found)
    if len(hashes) == 1:
        return next(iter(hashes))
    if not hashes:
        raise BriefError(f'no track is called "{text}"; give a path, a part of the title, or the beginning of its hash')
    shown = "; ".join(f'"{track.title}" ({track.path})' for track in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise BriefError(f'"{text}" could mean {len(found)} tracks: {shown}{more}; say more of the name, or give the path')


def _full_name(track: Named) -> str:
    return (f"{track.artist} - {track.title}" if track.artist else track.title).casefold()
