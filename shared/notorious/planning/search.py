"""The order of a set: a beam search over the whole pool, then local improvement, under one objective.

The beam keeps the best partial sets of the same number of tracks; each is extended by every track that is left, judged
in arrays (`pool.py`). Of the finished sets the best are improved by replacing, moving, swapping and reversing until
nothing helps. Everything is deterministic: the seed enters through the pool's jitter only.

References: Bittner et al., "Automatic playlist sequencing and transitions", ISMIR 2017 (ordering as a path through a
graph of transitions); Lowerre's beam search; Croes 1958 and Or 1976 for 2-opt and the moving of segments.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from notorious.planning.pool import (
    ARTIST_SPACING,
    KEY_RUN,
    PLACE_SHARE,
    REPEATED_ARTIST_PENALTY,
    REPEATED_KEY_PENALTY,
    TRANSITION_SHARE,
    Floats,
    Indices,
    Pool,
    pair_scores,
    place_scores,
)

CURVE_POINTS = 401
WIDEST_BEAM = 32
CHILDREN_PER_STATE = 6
WORK_LIMIT = 1.2e7
"""Judged extensions (states x tracks x steps) before the beam narrows: about a second on one core."""

FINISHED_KEPT = 3
IMPROVED_UP_TO = 160
"""Longer sets are improved by swapping neighbours only: the full neighbourhood grows with the square."""
ROUNDS = 12


@dataclass(frozen=True)
class Wish:
    """What the search shall find. `seconds` None: every track of the pool. `target` samples the curve evenly over the set."""

    seconds: float | None
    target: Floats
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Order:
    """A found order: indices into the pool, and its worth (mean points per track)."""

    tracks: tuple[int, ...]
    worth: float


@dataclass
class _State:
    tracks: tuple[int, ...]
    worth: float
    elapsed: float
    used: frozenset[int]


class _Objective:
    """The search's objective on whole orders."""

    def __init__(self, pool: Pool, wish: Wish) -> None:
        self.pool = pool
        self.wish = wish
        total = float(pool.body_seconds.sum() + (pool.tail_seconds.mean() if len(pool) else 0.0))
        self.length = total if wish.seconds is None else min(wish.seconds, total)
        self.positions = np.linspace(0.0, 1.0, len(wish.target))

    def target_at(self, seconds: Floats) -> Floats:
        """The curve at moments of the set [s]."""
        found: Floats = np.interp(seconds / self.length, self.positions, self.wish.target).astype(np.float32)
        return found

    def penalty(self, tracks: Indices) -> float:
        """Points lost in the whole order for artists that return too soon and keys that stand too long."""
        artist, key = self.pool.artist[tracks], self.pool.key[tracks]
        lost = 0.0
        for distance in range(1, ARTIST_SPACING + 1):
            same = (artist[distance:] == artist[:-distance]) & (artist[distance:] >= 0)
            lost += REPEATED_ARTIST_PENALTY * float(same.sum())
        if len(key) > KEY_RUN:
            run = np.ones(len(key) - KEY_RUN, dtype=np.bool_)
            for distance in range(1, KEY_RUN + 1):
                run &= key[KEY_RUN:] == key[KEY_RUN - distance : len(key) - distance]
            lost += REPEATED_KEY_PENALTY * float(run.sum())
        return lost

    def worth(self, tracks: Indices, pairs: Floats) -> float:
        """Mean points per track; `pairs` holds the scores of the len - 1 transitions."""
        bodies = self.pool.body_seconds[tracks]
        middles = (np.cumsum(bodies) - bodies / 2).astype(np.float32)
        places = place_scores(self.pool, self.target_at(middles), tracks)
        points = PLACE_SHARE * float(places.sum() + self.pool.jitter[tracks].sum())
        points += TRANSITION_SHARE * float(pairs.sum())
        return (points - self.penalty(tracks)) / len(tracks)


def find_orders(pool: Pool, wish: Wish, *, report: Callable[[int, int], None] | None = None) -> tuple[Order, ...]:
    """The best orders found, best first; at least one. The pool must hold a track.

    A set ends as near as possible to `wish.seconds`; where the pool is too small, all of it is used.
    """
    objective = _Objective(pool, wish)
    finished = _beam(pool, wish, objective, report)
    unique: dict[tuple[int, ...], _State] = {}
    for state in sorted(finished, key=lambda one: (-one.worth / len(one.tracks), one.tracks)):
        unique.setdefault(state.tracks, state)
    orders = [_improve(pool, wish, objective, state.tracks) for state in list(unique.values())[:FINISHED_KEPT]]
    best: dict[tuple[int, ...], Order] = {order.tracks: order for order in orders}
    return tuple(sorted(best.values(), key=lambda one: (-one.worth, one.tracks)))


def _beam(
    pool: Pool, wish: Wish, objective: _Objective, report: Callable[[int, int], None] | None
) -> list[_State]:
    count = len(pool)
    mean_body = float(pool.body_seconds.mean())
    steps = count if wish.seconds is None else min(count, int(objective.length / mean_body) + 2)
    width = int(min(WIDEST_BEAM, max(1, WORK_LIMIT / max(1, count * steps))))
    states = _beginnings(pool, wish, objective, width)
    finished: list[_State] = []
    for step in range(steps):
        if report is not None:
            report(step + 1, steps)
        going: list[_State] = []
        for state in states:
            ended = _ended(pool, wish, objective, state, mean_body)
            if ended is not None:
                finished.append(ended)
            if ended is None or not _is_long_enough(pool, wish, state, mean_body):
                going.append(state)
        if not going:
            break
        states = _extended(pool, wish, objective, going, width)
        if not states:
            break
    finished.extend(_closed(pool, wish, objective, state) for state in states if not finished)
    return finished


def _beginnings(pool: Pool, wish: Wish, objective: _Objective, width: int) -> list[_State]:
    if wish.start is not None:
        first = [wish.start]
    else:
        targets = objective.target_at(pool.body_seconds / 2)
        scores = place_scores(pool, targets) + pool.jitter
        if wish.end is not None and len(pool) > 1:
            scores[wish.end] = -np.inf
        first = [int(index) for index in np.argsort(-scores, kind="stable")[: 2 * width] if np.isfinite(scores[index])]
    targets = objective.target_at(pool.body_seconds / 2)
    scores = place_scores(pool, targets) + pool.jitter
    return [
        _State((index,), PLACE_SHARE * float(scores[index]), float(pool.body_seconds[index]), frozenset((index,)))
        for index in first
    ]


def _length_when_ended(pool: Pool, wish: Wish, state: _State) -> float:
    """How long a set is that ends now [s]: with the asked last track, if there is one, played out."""
    last = state.tracks[-1]
    if wish.end is None or last == wish.end:
        return state.elapsed + float(pool.tail_seconds[last])
    return state.elapsed + float(pool.body_seconds[wish.end] + pool.tail_seconds[wish.end])


def _is_long_enough(pool: Pool, wish: Wish, state: _State, mean_body: float) -> bool:
    """Whether another track would lead further away from the asked length."""
    if wish.seconds is None:
        return False
    return _length_when_ended(pool, wish, state) >= wish.seconds - 0.1 * mean_body


def _ended(pool: Pool, wish: Wish, objective: _Objective, state: _State, mean_body: float) -> _State | None:
    """The state as a finished set, when it is within half a track of the asked length or nothing is left."""
    everything = len(state.tracks) + (wish.end is not None and state.tracks[-1] != wish.end) >= len(pool)
    near = (
        wish.seconds is not None and _length_when_ended(pool, wish, state) >= wish.seconds - 0.55 * mean_body
    )
    if not everything and not near:
        return None
    return _closed(pool, wish, objective, state)


def _closed(pool: Pool, wish: Wish, objective: _Objective, state: _State) -> _State:
    """The state with the asked last track behind it; its worth with the length it has missed taken off."""
    tracks, worth, length = state.tracks, state.worth, _length_when_ended(pool, wish, state)
    if wish.end is not None and tracks[-1] != wish.end:
        worth += _extension_worth(pool, wish, objective, [state])[0, wish.end]
        tracks = (*tracks, wish.end)
    if wish.seconds is not None:
        # A minute too much or too little in an hour costs a point.
        worth -= len(tracks) * 60.0 * abs(length - wish.seconds) / wish.seconds
    return _State(tracks, float(worth), length, state.used)


def _extension_worth(pool: Pool, wish: Wish, objective: _Objective, states: list[_State]) -> Floats:
    """Points that each track (columns) would add to each state (rows)."""
    lasts = np.array([state.tracks[-1] for state in states], dtype=np.intp)
    elapsed = np.array([state.elapsed for state in states], dtype=np.float32)
    targets = objective.target_at(elapsed[:, None] + pool.body_seconds[None, :] / 2)
    worth = PLACE_SHARE * (place_scores(pool, targets) + pool.jitter) + TRANSITION_SHARE * pair_scores(pool, lasts)
    for row, state in enumerate(states):
        recent = [artist for artist in pool.artist[list(state.tracks[-ARTIST_SPACING:])] if artist >= 0]
        if recent:
            worth[row, np.isin(pool.artist, recent)] -= REPEATED_ARTIST_PENALTY
        keys = set(pool.key[list(state.tracks[-KEY_RUN:])].tolist())
        if len(state.tracks) >= KEY_RUN and len(keys) == 1:
            worth[row, pool.key == keys.pop()] -= REPEATED_KEY_PENALTY
    extended: Floats = worth.astype(np.float32)
    return extended


def _extended(pool: Pool, wish: Wish, objective: _Objective, states: list[_State], width: int) -> list[_State]:
    """The best extensions of the states: at most `CHILDREN_PER_STATE` of each, no two with the same tracks and end."""
    worth = _extension_worth(pool, wish, objective, states)
    found: list[tuple[float, int, int]] = []
    for row, state in enumerate(states):
        line = worth[row]
        line[list(state.used)] = -np.inf
        if wish.end is not None:
            line[wish.end] = -np.inf
        count = min(CHILDREN_PER_STATE, len(line))
        chosen = np.argpartition(-line, count - 1)[:count]
        found.extend(
            (state.worth + float(line[index]), row, int(index)) for index in chosen if np.isfinite(line[index])
        )
    found.sort(key=lambda one: (-one[0], one[1], one[2]))
    result: list[_State] = []
    seen: set[tuple[frozenset[int], int]] = set()
    for total, row, index in found:
        used = states[row].used | {index}
        if (used, index) in seen:
            continue
        seen.add((used, index))
        elapsed = states[row].elapsed + float(pool.body_seconds[index])
        result.append(_State((*states[row].tracks, index), total, elapsed, used))
        if len(result) == width:
            break
    return result


def _improve(pool: Pool, wish: Wish, objective: _Objective, tracks: tuple[int, ...]) -> Order:
    """Change an order as long as a change helps; its first and last track stay where they were asked for."""
    order = np.array(tracks, dtype=np.intp)
    for _ in range(ROUNDS):
        before = order.tolist()
        order = _replaced(pool, wish, objective, order)
        order = _rearranged(pool, wish, objective, order)
        if order.tolist() == before:
            break
    pairs = _pairs_along(pool, order)
    return Order(tuple(int(index) for index in order), objective.worth(order, pairs))


def _pairs_along(pool: Pool, order: Indices) -> Floats:
    if len(order) < 2:
        return np.zeros(0, dtype=np.float32)
    if len(order) <= IMPROVED_UP_TO:
        found: Floats = np.diagonal(pair_scores(pool, order[:-1], order[1:]))
        return found
    return np.array(
        [pair_scores(pool, order[k : k + 1], order[k + 1 : k + 2])[0, 0] for k in range(len(order) - 1)],
        dtype=np.float32,
    )


def _fixed(wish: Wish, order: Indices) -> tuple[int, int]:
    """The half-open range of positions that may change."""
    return (0 if wish.start is None else 1), len(order) - (0 if wish.end is None else 1)


def _rearranged(pool: Pool, wish: Wish, objective: _Objective, order: Indices) -> Indices:
    """The best of moving, swapping and reversing, again and again until none helps."""
    count = len(order)
    first, last = _fixed(wish, order)
    if last - first < 2:
        return order
    if count > IMPROVED_UP_TO:
        return order
    matrix = pair_scores(pool, order, order)
    local = np.arange(count)

    def worth(arrangement: Indices) -> float:
        return objective.worth(order[arrangement], matrix[arrangement[:-1], arrangement[1:]])

    best = worth(local)
    reach = count if count <= 40 else 12
    improved = True
    rounds = 0
    while improved and rounds < ROUNDS:
        improved = False
        rounds += 1
        for i in range(first, last):
            for j in range(i + 1, min(last, i + 1 + reach)):
                for changed in _neighbours(local, i, j):
                    value = worth(changed)
                    if value > best + 1e-6:
                        local, best, improved = changed, value, True
    return order[local]


def _neighbours(local: Indices, i: int, j: int) -> tuple[Indices, ...]:
    """Swap two, reverse what lies between them, move one of them to the other's place (either way)."""
    swapped = local.copy()
    swapped[i], swapped[j] = local[j], local[i]
    if j == i + 1:
        return (swapped,)
    reversed_ = local.copy()
    reversed_[i : j + 1] = local[i : j + 1][::-1]
    later = local.copy()
    later[i:j], later[j] = local[i + 1 : j + 1], local[i]
    earlier = local.copy()
    earlier[i + 1 : j + 1], earlier[i] = local[i:j], local[j]
    return swapped, reversed_, later, earlier


def _replaced(pool: Pool, wish: Wish, objective: _Objective, order: Indices) -> Indices:
    """Each track once: is there one left in the pool that serves better at its place?"""
    count = len(order)
    if count == len(pool) or count > IMPROVED_UP_TO:
        return order
    first, last = _fixed(wish, order)
    order = order.copy()
    for k in range(first, last):
        bodies = pool.body_seconds[order]
        begin = float(bodies[:k].sum())
        worth = PLACE_SHARE * (
            place_scores(pool, objective.target_at(begin + pool.body_seconds / 2)) + pool.jitter
        )
        if k > 0:
            worth = worth + TRANSITION_SHARE * pair_scores(pool, order[k - 1 : k])[0]
        if k < count - 1:
            worth = worth + TRANSITION_SHARE * _scores_into(pool, int(order[k + 1]))
        near = [order[n] for n in range(max(0, k - ARTIST_SPACING), min(count, k + ARTIST_SPACING + 1)) if n != k]
        for artist in {int(pool.artist[index]) for index in near} - {-1}:
            worth[pool.artist == artist] -= REPEATED_ARTIST_PENALTY
        # The length of the set must not wander: a track a minute longer or shorter than the one it replaces costs 2.
        worth = worth - np.abs(pool.body_seconds - bodies[k]) / 30.0
        keep = float(worth[order[k]])
        worth[order] = -np.inf
        if wish.end is not None:
            worth[wish.end] = -np.inf
        chosen = int(np.argmax(worth))
        if worth[chosen] > keep + 1e-3:
            order[k] = chosen
    return order


def _scores_into(pool: Pool, track: int) -> Floats:
    """The transition scores from every track of the pool into one."""
    every = np.arange(len(pool), dtype=np.intp)
    scores: Floats = pair_scores(pool, every, np.array([track], dtype=np.intp))[:, 0]
    return scores
