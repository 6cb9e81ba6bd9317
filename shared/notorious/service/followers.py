"""Which tracks of a library can follow one, where and how one would mix them, and why.

Two sieves, as in planning a set. The first looks at tempo, key and energy of the whole library at once, out of the
search index; the second reads the analyses of the best of them and judges real candidates, by the judge of sets.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from notorious.domain.track_events import TrackCorrected
from notorious.domain.track_view import TrackView
from notorious.errors import InputError
from notorious.planning.brief import Brief
from notorious.planning.path import PairJudge
from notorious.planning.plan import MasterSettings, Score
from notorious.planning.structure import Structure, structure_of
from notorious.planning.writing import technique_reason
from notorious.service.analyses import read_track
from notorious.service.ports import Objects
from notorious.service.track_index import TrackColumns, TrackIndex
from notorious.theory.harmony import move_scores
from notorious.theory.keys import Key

SHORTLIST: Final = 32
"""Tracks whose analyses are read: enough that ten good ones are among them, few enough for one request."""
READERS: Final = 16
_STRETCH_WORTH_NOTHING: Final = 0.12
"""A tempo that is off by an eighth is as good as any other for the first sieve."""
_SHARES: Final = (0.5, 0.4, 0.1)
"""Of harmony, tempo and energy in the first sieve. It only has to keep the good ones in; the judge decides."""


@dataclass(frozen=True)
class Follower:
    """A track that can follow: the best way into it. Seconds are of the two files; `score` has its reasons."""

    track: TrackView
    technique: str
    technique_reason: str
    mix_out_seconds: float
    mix_in_seconds: float
    length_bars: float
    score: Score


class NotHeard(InputError):
    """The track has no analysis yet, or none that answers the question."""


def followers(track: TrackView, index: TrackIndex, objects: Objects, *, count: int = 10) -> tuple[Follower, ...]:
    """The tracks that follow best, best first. Raises NotHeard, and ObjectMissing where an analysis is gone."""
    if track.analysis is None:
        raise NotHeard(f"{track.title} has not been heard yet")
    shortlist = index.tracks(_shortlist(track, index.columns()))
    with ThreadPoolExecutor(READERS) as readers:
        outgoing, *others = readers.map(lambda view: _structure(objects, view), (track, *shortlist))
    judge = PairJudge(Brief(), MasterSettings().loudness_target_lufs)
    found = [_follower(judge, outgoing, incoming, view) for view, incoming in zip(shortlist, others, strict=True)]
    found.sort(key=lambda one: (-one.score.total, one.track.id))
    return tuple(found[:count])


def _shortlist(track: TrackView, columns: TrackColumns) -> Sequence[str]:
    if not columns.ids:
        return ()
    moves = np.array(move_scores())[Key.parse(track.camelot or "8A").index]
    key_of = {name: Key.parse(name).index for name in set(columns.camelot)}
    harmony = moves[[key_of[name] for name in columns.camelot]] / 100.0
    apart = np.log2(np.array(columns.bpm) / (track.bpm or 1.0))
    # A tempo counted at half or double is the same tempo.
    stretch = np.abs(np.exp2(apart - np.clip(np.rint(apart), -1, 1)) - 1.0)
    tempo = np.maximum(0.0, 1.0 - stretch / _STRETCH_WORTH_NOTHING)
    energy = 1.0 - np.abs(np.array(columns.energy) - (track.energy or 5.0)) / 9.0
    estimate: NDArray[np.float64] = _SHARES[0] * harmony + _SHARES[1] * tempo + _SHARES[2] * energy
    order = np.argsort(-estimate, kind="stable")[: SHORTLIST + 1]
    return [columns.ids[number] for number in order if columns.ids[number] != track.id][:SHORTLIST]


def _structure(objects: Objects, view: TrackView) -> Structure:
    assert view.analysis is not None, "only tracks that were heard are looked at"
    correction = None
    if view.correction is not None:
        correction = TrackCorrected.model_validate(view.correction.model_dump())
    return structure_of(read_track(objects, view.analysis, correction))


def _follower(judge: PairJudge, outgoing: Structure, incoming: Structure, view: TrackView) -> Follower:
    best = max(judge.row(outgoing, incoming).judged, key=lambda one: one.total)
    return Follower(
        track=view,
        technique=best.candidate.technique.replace("_", " "),
        technique_reason=technique_reason(best),
        mix_out_seconds=outgoing.seconds(best.candidate.out_beat),
        mix_in_seconds=incoming.seconds(best.candidate.in_beat),
        length_bars=best.candidate.length_beats / outgoing.beats_per_bar,
        score=best.score(),
    )
