"""What each view counts for in the statistics of a library.

A statistic is a sum over views, so it changes by what a view counts for after an event, less what it counted for
before. Counts are whole numbers: sums of them come out the same in whatever order they are added up.

    tracks, tracks/STATUS, seconds, bytes, corrected, key/8A, genre/NAME, bpm/125 (125 up to 130), energy/7 (7 up to 8),
    rejected, stems/STATUS, mixes, mixes/STATUS, mix-seconds (of those published), ratings, stars
"""

from collections import Counter

from notorious.domain.library_view import LibraryView
from notorious.domain.mix_view import MixView
from notorious.domain.track_view import TrackView

BPM_STEP = 5

View = TrackView | MixView | LibraryView


def counts_of(view: View) -> dict[str, int]:
    """What a view adds to each counter; counters that it does not touch are left out."""
    match view:
        case TrackView():
            counts = _counts_of_track(view)
        case MixView():
            counts = _counts_of_mix(view)
        case LibraryView():
            counts = Counter()
    return {name: count for name, count in sorted(counts.items()) if count}


def _counts_of_track(view: TrackView) -> Counter[str]:
    if view.status == "deleted":
        return Counter()
    if view.status == "rejected":
        return Counter({"rejected": 1})
    counts = Counter({"tracks": 1, f"tracks/{view.status}": 1, "bytes": view.size_bytes})
    counts["seconds"] = round(view.duration_seconds or 0)
    counts["corrected"] = int(view.correction is not None)
    counts.update(f"stems/{stems.status}" for stems in view.stems.values())
    if view.status == "analyzed":
        counts[f"genre/{(view.genre or 'unknown').strip().lower()[:80]}"] += 1
        if view.camelot is not None:
            counts[f"key/{view.camelot}"] += 1
        if view.bpm is not None:
            counts[f"bpm/{int(view.bpm // BPM_STEP) * BPM_STEP}"] += 1
        if view.energy is not None:
            counts[f"energy/{int(view.energy)}"] += 1
    return counts


def _counts_of_mix(view: MixView) -> Counter[str]:
    counts = Counter({"mixes": 1, f"mixes/{view.status}": 1, "ratings": len(view.ratings)})
    counts["stars"] = sum(rating.stars for rating in view.ratings.values())
    if view.status == "published" and view.master is not None:
        counts["mix-seconds"] = round(view.master.duration_seconds)
    return counts
