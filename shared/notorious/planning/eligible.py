"""Who may play: exclusions, the tempo range, and every recording once."""

from collections.abc import Sequence

from notorious.errors import NothingToMix
from notorious.planning.brief import Brief
from notorious.planning.plan import LeftOut
from notorious.planning.profile import TrackProfile


def eligible(profiles: Sequence[TrackProfile], brief: Brief) -> tuple[tuple[TrackProfile, ...], tuple[LeftOut, ...]]:
    """The profiles that may play, and those that may not with the reason, both in a fixed order.

    Of copies (the same file content, or the same artist and title) one stays: the one that the brief asks for by
    name, else the one whose path sorts first. What is asked for as first or last track is not held against the tempo
    range; excluding it is a contradiction that the planner reports. Raises NothingToMix when nobody is left.
    """
    musts = {brief.start, brief.end}
    kept: list[TrackProfile] = []
    left_out: list[LeftOut] = []
    by_content: dict[str, TrackProfile] = {}
    by_name: dict[tuple[str, str], TrackProfile] = {}
    excluded = set(brief.exclude)
    for one in sorted(profiles, key=lambda profile: (profile.sha256 not in musts, profile.path, profile.sha256)):
        reason = None
        name = _name_of(one)
        if one.sha256 in excluded:
            reason = "excluded by the brief"
        elif one.sha256 in by_content:
            reason = f"the same recording as {by_content[one.sha256].path}"
        elif one.sha256 not in musts and not _is_in_range(one, brief):
            reason = f"{one.bpm:.2f} BPM lies outside {_range_words(brief)}"
        elif name is not None and name in by_name and one.sha256 not in musts:
            reason = f"the same artist and title as {by_name[name].path}"
        if reason is not None:
            left_out.append(LeftOut(path=one.path, reason=reason))
            continue
        kept.append(one)
        by_content[one.sha256] = one
        if name is not None:
            by_name.setdefault(name, one)
    if not kept:
        why = f": {left_out[0].reason}" if left_out else ""
        raise NothingToMix(
            f"of {len(profiles)} tracks none may play{why}; widen the tempo range, exclude fewer tracks or add music"
        )
    return tuple(kept), tuple(sorted(left_out, key=lambda one: one.path))


def _name_of(profile: TrackProfile) -> tuple[str, str] | None:
    """Artist and title as they compare; None where the artist is unknown, since many a "Track 01" is not the same."""
    if not profile.artist or not profile.artist.strip():
        return None
    return " ".join(profile.artist.casefold().split()), " ".join(profile.title.casefold().split())


def _is_in_range(profile: TrackProfile, brief: Brief) -> bool:
    low = brief.bpm_min if brief.bpm_min is not None else 0.0
    high = brief.bpm_max if brief.bpm_max is not None else float("inf")
    # A hundredth of a beat is what an analysis may be off; 128.00 asked for includes 128.004 heard.
    return low - 0.01 <= profile.bpm <= high + 0.01


def _range_words(brief: Brief) -> str:
    if brief.bpm_max is None:
        return f"from {brief.bpm_min:g} BPM"
    if brief.bpm_min is None:
        return f"up to {brief.bpm_max:g} BPM"
    return f"{brief.bpm_min:g}-{brief.bpm_max:g} BPM"
