"""From a library and a brief to a plan.

    1  who may play: exclusions, tempo range, duplicates             (here)
    2  in which order: beam search over the profiles                 (search.py)
    3  where and how each transition: candidates, judged together    (candidates.py, scoring.py, path.py)
    4  on which clock, how loud                                      (tempo_map.py, gains.py)

Of several good orders the one with the best finished plan is taken. Only tracks of those orders are loaded in full.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.model import Track
from notorious.errors import BriefError
from notorious.planning.brief import Brief
from notorious.planning.eligible import eligible
from notorious.planning.energy_scale import EnergyScale, energy_scale
from notorious.planning.fitting import fitting, misfits
from notorious.planning.path import PairJudge, choose_path
from notorious.planning.plan import LeftOut, MasterSettings, Plan
from notorious.planning.pool import Pool, pool_of
from notorious.planning.profile import TrackProfile
from notorious.planning.search import CURVE_POINTS, Order, Wish, find_orders
from notorious.planning.structure import Structure, structure_of
from notorious.planning.writing import Draft, write_up
from notorious.theory.curves import Plateau, energy_target

Load = Callable[[str], Track]
Report = Callable[[str, int, int], None]
"""Told (what is being done, how many are done, of how many)."""

LENGTH_ATTEMPTS = 3
FITTING_ATTEMPTS = 3
SHORTLIST = 3


def plan_set(profiles: Sequence[TrackProfile], brief: Brief, *, load: Load, report: Report | None = None) -> Plan:
    """Plan a set.

    `load(sha256)` gives the full Track of a profile; it is called once for each track that comes into question. Raises
    NothingToMix when no track is left, BriefError when the brief asks for what cannot be (a first track that is not in
    the library, or is excluded). The result depends on profiles and brief alone, not on the order of the profiles.
    """
    kept, left_out = eligible(profiles, brief)
    target = sampled_target(brief)
    scale = energy_scale([one.energy_level / 10.0 for one in kept], target)
    pool = pool_of(kept, brief, scale)
    if brief.minutes is None:
        pool, strays = _what_fits(pool, brief, scale, target, report)
        left_out = tuple(sorted((*left_out, *strays), key=lambda one: one.path))
    start = _asked_for(pool, brief.start, "first")
    end = _asked_for(pool, brief.end, "last")
    if start is not None and start == end:
        if len(pool) > 1 and brief.minutes is None:
            raise BriefError("the first and the last track of the set are the same; ask for two different ones")
        end = None
    asked_seconds = None if brief.minutes is None else 60.0 * brief.minutes
    loaded: dict[str, Structure] = {}

    def structure(index: int) -> Structure:
        sha = pool.profiles[index].sha256
        if sha not in loaded:
            loaded[sha] = structure_of(load(sha))
        return loaded[sha]

    master = MasterSettings()
    judge = PairJudge(brief, master.loudness_target_lufs)
    curve = [float(value) for value in target[::4]]
    seconds = asked_seconds
    drafts: list[Draft] = []
    for number in range(LENGTH_ATTEMPTS):
        wish = Wish(seconds=seconds, target=target, start=start, end=end)
        orders = find_orders(pool, wish, report=None if report is None else _named(report, "ordering the tracks"))
        fillable = asked_seconds if len(orders[0].tracks) < len(pool) or _fills(pool, asked_seconds) else None
        attempt = [_draft(order, structure, judge, fillable, scale, report) for order in _shortlist(orders)]
        drafts.extend(attempt)
        if asked_seconds is None or seconds is None:
            break
        nearest = min(attempt, key=lambda draft: abs(draft.free_seconds - asked_seconds))
        # A set that had to be pulled to its length has too few or too many tracks: better another number of them.
        if _is_near(nearest, nearest.free_seconds, asked_seconds, pool, share=0.35):
            break
        if number > 0 and any(_is_near(draft, draft.seconds, asked_seconds, pool) for draft in drafts):
            break
        seconds *= asked_seconds / nearest.free_seconds
    long_enough = [
        draft for draft in drafts if asked_seconds is None or _is_near(draft, draft.seconds, asked_seconds, pool)
    ]
    best = max(long_enough or drafts, key=lambda draft: draft.rank(asked_seconds, curve))
    return write_up(best, brief, left_out, master, target=curve)


def _what_fits(
    pool: Pool, brief: Brief, scale: EnergyScale, target: NDArray[np.float32], report: Report | None
) -> tuple[Pool, tuple[LeftOut, ...]]:
    """The pool without what does not fit together, and that with the reason.

    Twice: what is left out of a first order may find a place in a second one, of those that remain.
    """
    everything = pool
    for attempt in range(FITTING_ATTEMPTS):
        musts = frozenset(index for index, one in enumerate(pool.profiles) if one.sha256 in (brief.start, brief.end))
        wish = Wish(seconds=None, target=target, start=_index_in(pool, brief.start), end=_index_in(pool, brief.end))
        order = find_orders(pool, wish, report=None if report is None else _named(report, "finding what fits"))[0]
        kept = fitting(pool, order.tracks, musts, readmit=attempt < FITTING_ATTEMPTS - 1)
        if len(kept) == len(pool):
            break
        pool = pool_of([pool.profiles[index] for index in kept], brief, scale)
    staying = {one.sha256 for one in pool.profiles}
    return pool, misfits(everything, [n for n, one in enumerate(everything.profiles) if one.sha256 in staying])


def _index_in(pool: Pool, sha: str | None) -> int | None:
    return next((index for index, one in enumerate(pool.profiles) if one.sha256 == sha), None)


def sampled_target(brief: Brief) -> NDArray[np.float32]:
    """The brief's energy target, sampled evenly over the set: float32 of shape (CURVE_POINTS,)."""
    plateaus = [Plateau(wish.start, wish.end, wish.energy, wish.purpose) for wish in brief.plateaus]
    return np.array(
        [
            energy_target(
                float(position),
                curve=brief.curve,
                plateaus=plateaus,
                time_of_day=brief.time_of_day,
                venue=brief.venue,
                genre=brief.genre,
            )
            for position in np.linspace(0.0, 1.0, CURVE_POINTS)
        ],
        dtype=np.float32,
    )


def _shortlist(orders: Sequence[Order]) -> Sequence[Order]:
    """Long sets are drafted once: three drafts of a night cost more than they bring."""
    return orders[: SHORTLIST if len(orders[0].tracks) <= 60 else 1]


def _draft(
    order: Order,
    structure: Callable[[int], Structure],
    judge: PairJudge,
    seconds: float | None,
    scale: EnergyScale,
    report: Report | None,
) -> Draft:
    structures = tuple(structure(index) for index in order.tracks)
    path, free_seconds = choose_path(
        structures, judge, seconds=seconds, report=None if report is None else _named(report, "choosing transitions")
    )
    return Draft.of(structures, path, scale, free_seconds)


def _is_near(draft: Draft, seconds: float, asked_seconds: float, pool: Pool, *, share: float = 0.5) -> bool:
    """Whether `seconds` is within this share of a track of the asked length, or there is nothing more to play."""
    near = share * float(pool.body_seconds.mean())
    too_short = seconds < asked_seconds
    return abs(seconds - asked_seconds) <= near or (too_short and len(draft.structures) == len(pool))


def _fills(pool: Pool, seconds: float | None) -> bool:
    """Whether all the tracks together reach the asked length; if not, they are played as they are best played."""
    return seconds is not None and float(pool.body_seconds.sum()) >= seconds


def _asked_for(pool: Pool, sha: str | None, place: str) -> int | None:
    if sha is None:
        return None
    try:
        return pool.index_of(sha)
    except KeyError:
        raise BriefError(
            f"the {place} track asked for ({sha[:12]}…) is not among the {len(pool)} tracks to choose from; "
            "name one that is in the library and not excluded"
        ) from None


def _named(report: Report, phase: str) -> Callable[[int, int], None]:
    return lambda done, total: report(phase, done, total)
