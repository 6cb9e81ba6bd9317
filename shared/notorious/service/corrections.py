"""What the owner of a track set right, laid over what was heard."""

from notorious.analysis.model import Analysis, Grid, KeyEstimate, Tempo, Track
from notorious.domain.track_events import TrackCorrected
from notorious.theory.keys import Key

_SAME_BPM = 0.005


def corrected(track: Track, correction: TrackCorrected | None) -> Track:
    """The track as its owner says it is. Cues change nothing of what was heard; they are for those who look at it."""
    if correction is None:
        return track
    analysis = track.analysis
    if correction.camelot is not None:
        analysis = analysis.model_copy(update={"key": _corrected_key(analysis.key, correction.camelot)})
    if correction.bpm is not None and abs(correction.bpm - analysis.tempo.bpm) > _SAME_BPM:
        analysis = analysis.model_copy(update=_corrected_tempo(analysis, correction.bpm))
    return track.model_copy(update={"analysis": analysis})


def _corrected_key(heard: KeyEstimate, camelot: str) -> KeyEstimate:
    key = Key.parse(camelot)
    return heard.model_copy(
        update={
            "camelot": key.camelot,
            "name": key.name,
            "tonic": key.tonic_name,
            "mode": key.mode,
            "confidence": 1.0,
        }
    )


def _corrected_tempo(analysis: Analysis, bpm: float) -> dict[str, Tempo | Grid]:
    """Tempo and grid at another tempo.

    The bar line of the first downbeat stays where it is, for a tempo that was counted at half, at double or at three
    halves shares it. From there a steady grid runs at the new tempo. A grid that wavers keeps its own beats where the
    new tempo is its double or its half, and becomes steady otherwise.
    """
    grid = analysis.grid
    ratio = bpm / analysis.tempo.bpm
    if grid.beat_seconds is not None and abs(ratio - 2.0) < 0.02:
        return {"tempo": _certain(analysis.tempo, bpm), "grid": _doubled(grid, bpm)}
    if grid.beat_seconds is not None and abs(ratio - 0.5) < 0.005:
        return {"tempo": _certain(analysis.tempo, bpm), "grid": _halved(grid, bpm)}
    downbeat = grid.seconds(grid.first_downbeat)
    length = 60.0 / bpm
    before = int((downbeat - analysis.audible.start) / length + 1e-9) if downbeat > analysis.audible.start else 0
    first = downbeat - before * length
    count = max(1, int((analysis.audible.end - first) / length + 1e-9) + 1)
    steady = Grid(
        first_beat_seconds=first,
        bpm=bpm,
        beat_count=count,
        beats_per_bar=grid.beats_per_bar,
        first_downbeat=before % grid.beats_per_bar,
    )
    return {"tempo": Tempo(bpm=bpm, confidence=1.0, steady=True), "grid": steady}


def _certain(heard: Tempo, bpm: float) -> Tempo:
    return Tempo(bpm=bpm, confidence=1.0, steady=heard.steady)


def _doubled(grid: Grid, bpm: float) -> Grid:
    """A beat between every two."""
    assert grid.beat_seconds is not None
    times = [grid.seconds(number / 2) for number in range(2 * len(grid.beat_seconds) - 1)]
    first = 2 * grid.first_downbeat % grid.beats_per_bar
    return grid.model_copy(
        update={"bpm": bpm, "beat_seconds": tuple(times), "beat_count": len(times), "first_downbeat": first}
    )


def _halved(grid: Grid, bpm: float) -> Grid:
    """Every second beat, counted from the first downbeat."""
    assert grid.beat_seconds is not None
    times = grid.beat_seconds[grid.first_downbeat % 2 :: 2]
    if len(times) < 2:
        times = grid.beat_seconds[:1] + grid.beat_seconds[-1:]
    first = grid.first_downbeat // 2 % grid.beats_per_bar
    return grid.model_copy(
        update={
            "bpm": bpm,
            "beat_seconds": times,
            "beat_count": len(times),
            "first_beat_seconds": times[0],
            "first_downbeat": first,
        }
    )
