"""What fits together, where no length is asked for: a set of everything that can be mixed, without stumbling.

An order of all tracks falls into **runs**: stretches in which every track is mixed into the next on the beat, bent by
no more than `MAX_STRETCH_ALONE`. From run to run the set is cut or bent hard, as between the chapters of a night. A
chapter has at least three tracks; what stands in shorter runs does not fit and is left out with the reason.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notorious.planning.plan import LeftOut
from notorious.planning.pool import Indices, Pool
from notorious.planning.tempo_match import MAX_STRETCH_ALONE, TRUSTED_TEMPO_CONFIDENCE

LEAST_RUN = 3
"""Tracks that make a chapter of a set: one is a stray, two are a detour."""


def flows(pool: Pool, outgoing: Indices, incoming: Indices) -> NDArray[np.bool_]:
    """Whether the tracks are mixed on the beat with little bending; index arrays that broadcast."""
    apart = pool.log2_bpm_in[incoming] - pool.log2_bpm_out[outgoing]
    stretch = np.exp2(np.abs(apart - np.clip(np.rint(apart), -1.0, 1.0))) - 1.0
    trusted = pool.tempo_confidence >= TRUSTED_TEMPO_CONFIDENCE
    found: NDArray[np.bool_] = (stretch <= MAX_STRETCH_ALONE) & trusted[outgoing] & trusted[incoming]
    return found


def _partners(pool: Pool, track: int, among: Indices) -> int:
    """How many other tracks can be mixed with one on the beat, before it or after it."""
    one, others = np.array([track], dtype=np.intp), among[among != track]
    return int((flows(pool, one, others) | flows(pool, others, one)).sum())


def runs_of(pool: Pool, order: Sequence[int]) -> list[list[int]]:
    """An order, taken apart where it does not flow."""
    tracks = np.array(order, dtype=np.intp)
    goes_on = flows(pool, tracks[:-1], tracks[1:])
    runs = [[int(tracks[0])]]
    for track, joined in zip(tracks[1:].tolist(), goes_on.tolist(), strict=True):
        if joined:
            runs[-1].append(track)
        else:
            runs.append([track])
    return runs


def fitting(pool: Pool, order: Sequence[int], musts: frozenset[int], *, readmit: bool) -> list[int]:
    """The tracks of an order that fit together, in that order.

    Short runs are dropped, except for tracks that are asked for. With `readmit`, a track of a dropped run comes back
    where it flows into one that stays: another order may have a place for it. Where there is no run of `LEAST_RUN`
    tracks at all, nothing fits better than anything else and everything stays.
    """
    runs = runs_of(pool, order)
    kept = [run for run in runs if len(run) >= LEAST_RUN]
    if not kept:
        return list(order)
    stays = {track for run in kept for track in run} | (musts & set(order))
    if readmit:
        core = np.array([track for run in kept for track in run], dtype=np.intp)
        dropped = [track for track in order if track not in stays]
        for track in dropped:
            if _partners(pool, track, core) >= LEAST_RUN - 1:
                stays.add(track)
    return [track for track in order if track in stays]


def misfits(pool: Pool, kept: Sequence[int]) -> tuple[LeftOut, ...]:
    """The tracks of the pool that were not kept, with the reason."""
    staying = set(kept)
    every = np.arange(len(pool), dtype=np.intp)
    return tuple(
        LeftOut(path=pool.profiles[track].path, reason=_reason(pool, track, every))
        for track in range(len(pool))
        if track not in staying
    )


def _reason(pool: Pool, track: int, every: Indices) -> str:
    bpm, others = pool.profiles[track].bpm, len(pool) - 1
    if pool.tempo_confidence[track] < TRUSTED_TEMPO_CONFIDENCE:
        return f"does not fit in: its beat ({bpm:.2f} BPM) is not sure enough to mix on it"
    partners = _partners(pool, track, every)
    few = f"only {partners}" if partners else "none"
    return (
        f"does not fit in: at {bpm:.2f} BPM {few} of the {others} others can be mixed with it on the beat "
        f"without bending more than {100 * MAX_STRETCH_ALONE:.0f} %"
        + (", and none of them has a place for it" if partners >= LEAST_RUN - 1 else "")
    )
