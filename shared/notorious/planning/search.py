"""The order of a set: a beam search over the whole pool, then local improvement, under one objective.

The beam keeps the best partial sets of the same number of tracks; each is extended by every track that is left, judged
in arrays (`pool.py`). Of the finished sets the best are improved by replacing, moving, swapping and reversing until
nothing helps. Everything is deterministic: the seed enters through the pool's jitter only.

References: Bittner et al., "Automatic playlist sequencing and transitions", ISMIR 2017 (ordering as a path through a
graph of transitions); Lowerre's beam search; Croes 1958 and Or 1976 for 2-opt and the moving of segments.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
WIDEST_BEAM = 24
CHILDREN_PER_STATE = 6
WORK_LIMIT = 1.2e7
"""Judged extensions (states x tracks x steps) before the beam narrows: about a second on one core."""

MOST_CONSIDERED = 800
"""Of a large pool only so many tracks, those whose energy suits a place best, are judged in full for it."""

FINISHED_KEPT = 3
IMPROVED_UP_TO = 160
"""Longer sets are improved by swapping neighbours only: the full neighbourhood grows with the square."""
ROUNDS = 6
STEPS_PER_ROUND = 60
REACH = 12


@dataclass(frozen=True)
class Wish:
    """What the search shall find. `seconds` None: every track. `target` samples the curve evenly over the set."""

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

    def target_at(self, seconds: NDArray[np.floating[Any]]) -> Floats:
        """The curve at moments of the set [s]."""
        found: Floats = np.interp(seconds / self.length, self.positions, self.wish.target).astype(np.float32)
        return found

    def penalties(self, orders: Indices) -> Floats:
        """Points that each order (rows) loses for artists that return too soon and keys that stand too long."""
        artist, key = self.pool.artist[orders], self.pool.key[orders]
        lost = np.zeros(len(orders), dtype=np.float32)
        for distance in range(1, min(ARTIST_SPACING, orders.shape[1] - 1) + 1):
            same = (artist[:, distance:] == artist[:, :-distance]) & (artist[:, distance:] >= 0)
            lost += np.float32(REPEATED_ARTIST_PENALTY) * same.sum(axis=1)
        if orders.shape[1] > KEY_RUN:
            run = np.ones((len(orders), orders.shape[1] - KEY_RUN), dtype=np.bool_)
            for distance in range(1, KEY_RUN + 1):
                run &= key[:, KEY_RUN:] == key[:, KEY_RUN - distance : orders.shape[1] - distance]
            lost += np.float32(REPEATED_KEY_PENALTY) * run.sum(axis=1)
        return lost

    def worths(self, orders: Indices, pairs: Floats) -> Floats:
        """Mean points per track of each order (rows); `pairs` holds the scores of its transitions, one column less."""
        bodies = self.pool.body_seconds[orders]
        middles = np.cumsum(bodies, axis=1) - bodies / 2
        places = place_scores(self.pool, self.target_at(middles), orders)
        points = PLACE_SHARE * (places.sum(axis=1) + self.pool.jitter[orders].sum(axis=1))
        points += TRANSITION_SHARE * pairs.sum(axis=1) - self.penalties(orders)
        found: Floats = (points / orders.shape[1]).astype(np.float32)
        return found


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


def _beam(pool: Pool, wish: Wish, objective: _Objective, report: Callable[[int, int], None] | None) -> list[_State]:
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
    near = wish.seconds is not None and _length_when_ended(pool, wish, state) >= wish.seconds - 0.55 * mean_body
    if not everything and not near:
        return None
    return _closed(pool, wish, objective, state)


def _closed(pool: Pool, wish: Wish, objective: _Objective, state: _State) -> _State:
    """The state with the asked last track behind it; its worth with the length it has missed taken off."""
    tracks, worth, length = state.tracks, state.worth, _length_when_ended(pool, wish, state)
    if wish.end is not None and tracks[-1] != wish.end:
        worth += _extension_worth(pool, objective, [state], np.array([wish.end], dtype=np.intp))[0, 0]
        tracks = (*tracks, wish.end)
    if wish.seconds is not None:
        # A minute too much or too little in an hour costs a point.
        worth -= len(tracks) * 60.0 * abs(length - wish.seconds) / wish.seconds
    return _State(tracks, float(worth), length, state.used)


def _considered(pool: Pool, points: Floats) -> Indices:
    """The tracks that are judged in full, by what they are worth (shape (tracks,)) at their place; in rising order."""
    if len(pool) <= MOST_CONSIDERED:
        return np.arange(len(pool), dtype=np.intp)
    return np.sort(np.argpartition(-points, MOST_CONSIDERED)[:MOST_CONSIDERED])


def _extension_worth(pool: Pool, objective: _Objective, states: list[_State], columns: Indices) -> Floats:
    """Points that each of the tracks `columns` would add to each state (rows)."""
    lasts = np.array([state.tracks[-1] for state in states], dtype=np.intp)
    elapsed = np.array([state.elapsed for state in states], dtype=np.float32)
    targets = objective.target_at(elapsed[:, None] + pool.body_seconds[columns][None, :] / 2)
    worth = PLACE_SHARE * (place_scores(pool, targets, columns) + pool.jitter[columns])
    worth += TRANSITION_SHARE * pair_scores(pool, lasts, columns)
    artists, every_key = pool.artist[columns], pool.key[columns]
    for row, state in enumerate(states):
        recent = [artist for artist in pool.artist[list(state.tracks[-ARTIST_SPACING:])] if artist >= 0]
        if recent:
            worth[row, np.isin(artists, recent)] -= REPEATED_ARTIST_PENALTY
        keys = set(pool.key[list(state.tracks[-KEY_RUN:])].tolist())
        if len(state.tracks) >= KEY_RUN and len(keys) == 1:
            worth[row, every_key == keys.pop()] -= REPEATED_KEY_PENALTY
    extended: Floats = worth.astype(np.float32)
    return extended


def _extended(pool: Pool, wish: Wish, objective: _Objective, states: list[_State], width: int) -> list[_State]:
    """The best extensions of the states: at most `CHILDREN_PER_STATE` of each, no two with the same tracks and end."""
    free = np.ones(len(pool), dtype=np.bool_)
    free[list(frozenset.intersection(*(state.used for state in states)))] = False
    middle = np.median(np.array([state.elapsed for state in states], dtype=np.float32))
    targets = objective.target_at(np.float32(middle) + pool.body_seconds / 2)
    columns = _considered(pool, np.where(free, place_scores(pool, targets) + pool.jitter, -np.inf))
    worth = _extension_worth(pool, objective, states, columns)
    found: list[tuple[float, int, int]] = []
    for row, state in enumerate(states):
        line = worth[row]
        line[np.isin(columns, list(state.used))] = -np.inf
        if wish.end is not None:
            line[columns == wish.end] = -np.inf
        count = min(CHILDREN_PER_STATE, len(line))
        chosen = np.argpartition(-line, count - 1)[:count]
        found.extend(
            (state.worth + float(line[place]), row, int(columns[place])) for place in chosen if np.isfinite(line[place])
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
    return Order(tuple(int(index) for index in order), float(objective.worths(order[None, :], pairs[None, :])[0]))


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
    moves = _moves(count, first, last)
    local = np.arange(count)
    best = float(objective.worths(order[None, :], matrix[local[:-1], local[1:]][None, :])[0])
    for _ in range(STEPS_PER_ROUND):
        arrangements = local[moves]
        worths = objective.worths(order[arrangements], matrix[arrangements[:, :-1], arrangements[:, 1:]])
        chosen = int(np.argmax(worths))
        if worths[chosen] <= best + 1e-4:
            break
        local, best = arrangements[chosen], float(worths[chosen])
    return order[local]


def _moves(count: int, first: int, last: int) -> Indices:
    """All rearrangements of one step, a row each: swap two, reverse what lies between, move one to the other's place.

    Only positions in [first, last) change; in long sets only within `REACH` of each other.
    """
    identity = np.arange(count, dtype=np.intp)
    rows: list[Indices] = []
    for i in range(first, last):
        for j in range(i + 1, min(last, i + 1 + (count if count <= 40 else REACH))):
            swapped = identity.copy()
            swapped[[i, j]] = swapped[[j, i]]
            rows.append(swapped)
            if j == i + 1:
                continue
            reversed_ = identity.copy()
            reversed_[i : j + 1] = identity[i : j + 1][::-1]
            later, earlier = identity.copy(), identity.copy()
            later[i:j], later[j] = identity[i + 1 : j + 1], i
            earlier[i + 1 : j + 1], earlier[i] = identity[i:j], j
            rows.extend((reversed_, later, earlier))
    return np.stack(rows)


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
        places = place_scores(pool, objective.target_at(begin + pool.body_seconds / 2)) + pool.jitter
        columns = _considered(pool, places)
        if order[k] not in columns:
            columns = np.append(columns, order[k])
        worth = np.full(len(pool), -np.inf, dtype=np.float32)
        worth[columns] = PLACE_SHARE * places[columns]
        if k > 0:
            worth[columns] += TRANSITION_SHARE * pair_scores(pool, order[k - 1 : k], columns)[0]
        if k < count - 1:
            worth[columns] += TRANSITION_SHARE * pair_scores(pool, columns, order[k + 1 : k + 2])[:, 0]
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
