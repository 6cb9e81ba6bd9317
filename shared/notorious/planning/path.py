"""Where exactly a given order is mixed: one candidate per transition, the best row of them as a whole.

A mix-in early in a track and a mix-out late in it must leave something between them, and all together must make the
asked length. So the candidates of neighbouring transitions are chosen together: dynamic programming over the row
(Viterbi), which is exact under the objective.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notorious.planning.brief import Brief
from notorious.planning.candidates import candidates
from notorious.planning.gains import integrated_gain
from notorious.planning.loudness import loudness_courses
from notorious.planning.pool import PLACE_SHARE, TRANSITION_SHARE
from notorious.planning.scoring import SLOT_WEIGHTS, TransitionJudgement, judge_transition, play_value
from notorious.planning.structure import Structure

KEPT_PER_PAIR = 40
LEAST_SOLO_BARS = 8
"""Between two transitions a track has the floor for itself for a phrase, in which the tempo returns, too."""

SHORT_SOLO_PENALTY = 40.0
PULLS_PER_MINUTE = (2.0, 4.0, 8.0)
"""Points lost per minute that a track plays longer or shorter than its share of the asked length: the gentlest that
brings the set near enough is taken."""

NEAR_ENOUGH = 0.35
"""Shares of a track's length that a set may miss the asked length by."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Row:
    """The judged candidates of one transition as arrays, all of shape (candidates,)."""

    judged: tuple[TransitionJudgement, ...]
    total: Floats
    out_seconds: Floats
    out_beat: Floats
    out_end_seconds: Floats
    in_seconds: Floats
    in_end_beat: Floats


class PairJudge:
    """Makes and judges the candidates of pairs of tracks, each pair once."""

    def __init__(self, brief: Brief, loudness_target_lufs: float) -> None:
        self._brief = brief
        self._target_lufs = loudness_target_lufs
        self._rows: dict[tuple[str, str], _Row] = {}

    def row(self, outgoing: Structure, incoming: Structure) -> _Row:
        key = (outgoing.track.sha256, incoming.track.sha256)
        if key not in self._rows:
            self._rows[key] = self._make(outgoing, incoming)
        return self._rows[key]

    def _make(self, outgoing: Structure, incoming: Structure) -> _Row:
        gains = (integrated_gain(outgoing, self._target_lufs), integrated_gain(incoming, self._target_lufs))
        best: dict[tuple[float, float, bool], TransitionJudgement] = {}
        ways = candidates(outgoing, incoming, self._brief)
        for candidate, course in zip(ways, loudness_courses(outgoing, incoming, ways, gains), strict=True):
            judged = judge_transition(outgoing, incoming, candidate, self._brief, course)
            place = (candidate.out_beat, candidate.in_beat, candidate.is_quick)
            if place not in best or judged.total > best[place].total + 1e-9:
                best[place] = judged
        ranked = sorted(best.values(), key=lambda one: -one.total)
        kept = ranked[:KEPT_PER_PAIR]
        # The cut that leaves the most room on both sides is always there, so that a way through always exists.
        cuts = [one for one in ranked if one.candidate.technique == "quick_cut"]
        widest = max(cuts, key=lambda one: one.candidate.out_beat - one.candidate.in_beat)
        if widest not in kept:
            kept.append(widest)
        return _Row(
            judged=tuple(kept),
            total=np.array([one.total for one in kept]),
            out_seconds=np.array([outgoing.seconds(one.candidate.out_beat) for one in kept]),
            out_beat=np.array([one.candidate.out_beat for one in kept]),
            out_end_seconds=np.array([outgoing.seconds(one.candidate.out_end_beat) for one in kept]),
            in_seconds=np.array([incoming.seconds(one.candidate.in_beat) for one in kept]),
            in_end_beat=np.array([one.candidate.in_end_beat for one in kept]),
        )


def choose_path(
    structures: Sequence[Structure],
    judge: PairJudge,
    *,
    seconds: float | None,
    report: Callable[[int, int], None] | None = None,
) -> tuple[tuple[TransitionJudgement, ...], float]:
    """One candidate per transition: the best row under the objective, pulled as near to `seconds` as candidates allow.

    Returns the row, and how long the set would be [s] without the pull.
    """
    if len(structures) < 2:
        return (), float(_plays(structures, ()).sum())
    rows = []
    for number in range(len(structures) - 1):
        if report is not None:
            report(number + 1, len(structures) - 1)
        rows.append(judge.row(structures[number], structures[number + 1]))
    found = _best_row(structures, rows, None, 0.0)
    plays = _plays(structures, found)
    free_seconds = float(plays.sum())
    if seconds is None:
        return found, free_seconds
    near = NEAR_ENOUGH * float(plays.mean())
    missed = abs(float(plays.sum()) - seconds)
    wanted = plays * seconds / plays.sum()
    for pull in PULLS_PER_MINUTE:
        if missed <= near:
            break
        path = _best_row(structures, rows, wanted, pull)
        total = float(_plays(structures, path).sum())
        if abs(total - seconds) < missed - 1.0:
            found, missed = path, abs(total - seconds)
    return found, free_seconds


def _plays(structures: Sequence[Structure], path: Sequence[TransitionJudgement]) -> Floats:
    """What each track adds to the length of the set [s], at its own tempo."""
    ends = [structure.seconds(judged.candidate.out_beat) for structure, judged in zip(structures, path, strict=False)]
    ends.append(structures[-1].seconds(structures[-1].audible_end_beat))
    starts = [structures[0].seconds(structures[0].audible_start_beat)]
    starts.extend(
        structure.seconds(judged.candidate.in_beat) for structure, judged in zip(structures[1:], path, strict=True)
    )
    return np.array(ends, dtype=np.float64) - np.array(starts, dtype=np.float64)


def _best_row(
    structures: Sequence[Structure], rows: Sequence[_Row], wanted: Floats | None, pull: float
) -> tuple[TransitionJudgement, ...]:
    """Viterbi over the rows; `wanted[k]` [s] is what track k should add to the set, at `pull` points a minute."""
    best = TRANSITION_SHARE * rows[0].total + _stay(
        structures[0], _start_of(structures[0]), rows[0].out_seconds[None, :], rows[0].out_end_seconds[None, :],
        None if wanted is None else float(wanted[0]), pull,
    )[0]  # fmt: skip
    back: list[NDArray[np.intp]] = []
    for number in range(1, len(rows)):
        before, after, structure = rows[number - 1], rows[number], structures[number]
        stay = _stay(
            structure, before.in_seconds[:, None], after.out_seconds[None, :], after.out_end_seconds[None, :],
            None if wanted is None else float(wanted[number]), pull,
        )  # fmt: skip
        solo_beats = after.out_beat[None, :] - before.in_end_beat[:, None]
        least = LEAST_SOLO_BARS * structure.beats_per_bar
        stay = stay - SHORT_SOLO_PENALTY * np.clip((least - solo_beats) / least, 0.0, 1.0)
        stay = np.where(solo_beats >= 0.0, stay, -np.inf)
        total = best[:, None] + stay + TRANSITION_SHARE * after.total[None, :]
        back.append(np.argmax(total, axis=0))
        best = np.max(total, axis=0)
    last, final = structures[-1], rows[-1]
    end = np.array([[last.seconds(last.audible_end_beat)]])
    best = (
        best
        + _stay(last, final.in_seconds[:, None], end, end, None if wanted is None else float(wanted[-1]), pull)[:, 0]
    )
    chosen = [int(np.argmax(best))]
    for pointers in reversed(back):
        chosen.append(int(pointers[chosen[-1]]))
    return tuple(row.judged[index] for row, index in zip(rows, reversed(chosen), strict=True))


def _start_of(structure: Structure) -> Floats:
    return np.array([[structure.seconds(structure.audible_start_beat)]])


def _stay(
    structure: Structure,
    in_seconds: Floats,
    out_seconds: Floats,
    out_end_seconds: Floats,
    wanted: float | None,
    pull: float,
) -> Floats:
    """Points for how much of a track is played, for each mix-in (rows) and mix-out (columns)."""
    whole = structure.seconds(structure.audible_end_beat) - structure.seconds(structure.audible_start_beat)
    played = out_end_seconds - in_seconds
    weight = PLACE_SHARE * SLOT_WEIGHTS["play"] / sum(SLOT_WEIGHTS.values())
    points: Floats = weight * play_value(played, whole)
    if wanted is not None:
        points = points - pull * np.abs(out_seconds - in_seconds - wanted) / 60.0
    return points
