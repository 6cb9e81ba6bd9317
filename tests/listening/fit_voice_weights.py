"""Fit the weights of `analysis.vocals`: `python tests/listening/fit_voice_weights.py FOLDER... [--join] [--write]`.

A folder is one of three: .npz files as docs/vocals.md describes them, a crate of `notorious demo`, or one with a
`truth.jsonl` (file, vocals, vocal_regions, duration; recordings, or what `mix_voices.py` made). Everything is fitted on
one half of the tracks (in the mixes: other instrumentals, other speakers) and reported on the other, both ways; what is
written is fitted on all of them. The networks have to be installed: the weights that join them are fitted, too. With
`--join` the linear judges stay as they are and only the weights that join signal, track and network are fitted.
"""

import json
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr

from notorious.analysis import vocals, voice_weights
from notorious.analysis.spectrum import RATE_HZ, hear_spectra
from notorious.analysis.voice_features import HOP_SECONDS, voice_features
from notorious.audio.decode import open_audio
from notorious.networks import musicnn

PENALTY = 100.0  # of squared weights on standardised columns, as against the sum of the log losses
SHARES = {"demo": 1.0, "recordings": 0.7}  # what all of them weigh as against all mixes: no one singer must rule
TRACK_WEIGHTS = {"mixes": 0.5, "throughout": 1.0, "instrumentals": 0.5, "demo": 1.0, "recordings": 3.0}
MOMENT_WEIGHTS = {
    "mixes": 0.3,
    "throughout": 0.3,
    "demo": 0.5,
    "recordings": 8.0,
}  # four sung recordings weigh as much as all mixes
NETWORK_SHARE = 0.25  # of the network in the odds of a moment, as against what is fitted: it knows the mixes' speakers
CACHE = Path(tempfile.gettempdir()) / "voice-features"
WEIGHTS_FILE = Path(vocals.__file__).with_name("voice_weights.py")


@dataclass
class Piece:
    """A track with truth: feature rows, share of voice in the second around each window, the network's values."""

    name: str
    kind: str  # none, sing, rap, speech; voice, where that is not known
    fold: int
    origin: str  # mixes, throughout (mixes), instrumentals, demo, recordings
    rows: np.ndarray
    truth: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    instrumental: float
    signal: np.ndarray | None = None

    @property
    def sings(self) -> bool:
        return self.kind != "none"

    @property
    def times(self) -> np.ndarray:
        return np.arange(len(self.rows)) * HOP_SECONDS

    @property
    def opinion(self) -> vocals.Opinion:
        return replace(vocals.opinion_of(self.values, self.starts, self.times), instrumental=self.instrumental)

    @property
    def smooth(self) -> np.ndarray:
        return vocals.smoothed(self.signal)

    @property
    def clear(self) -> np.ndarray:
        """What is half voice teaches nothing."""
        return (self.truth > 0.8) | (self.truth < 0.05)


def share_of_voice(regions, count):
    """Share of the second around every window that lies in regions [seconds]."""
    times = np.arange(count) * HOP_SECONDS
    inside = np.zeros(count)
    for start, end in regions:
        inside += np.clip(np.minimum(times + 0.5, end) - np.maximum(times - 0.5, start), 0, 1)
    return np.minimum(inside, 1)


def read_mix(path):
    with np.load(path) as mix:
        samples = mix["y"].astype(np.float32) / 32767
        on = np.concatenate([[0], mix["on"].astype(int), [0]])
        edges = np.flatnonzero(np.diff(on)) / 10
        kind, fold = str(mix["kind"]), int(mix["fold"])
        return make_piece(path, kind, fold, "mixes", samples, list(zip(edges[::2], edges[1::2], strict=True)))


def read_demo(path, number):
    truth = json.loads(path.read_text())
    regions = [(one["start"], one["end"]) for one in truth["vocals"]["regions"]]
    samples = decoded(path.with_suffix(".flac"))
    return make_piece(path, "sing" if regions else "none", number % 2, "demo", samples, regions)


def read_recordings(folder):
    """Tracks of which it is known whether they have a voice. `half` says which is theirs; else the halves have the same
    number of voices."""
    told = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    told = sorted((one for one in told if one["vocals"] is not None), key=lambda one: (one["vocals"], one["file"]))
    for number, one in enumerate(told):
        path = folder / one["file"]
        kind = "voice" if one["vocals"] else "none"
        regions = None if one["vocals"] and not one["vocal_regions"] else one["vocal_regions"]
        fold, origin = one.get("half", number % 2), one.get("origin", "recordings")
        yield make_piece(path, kind, fold, origin, decoded(path), regions)


def decoded(path):
    with open_audio(path) as reader:
        blocks = []
        while len(block := reader.read(65536)):
            blocks.append(block.mean(axis=1))
        return soxr.resample(np.concatenate(blocks), reader.rate_hz, RATE_HZ).astype(np.float32)


def make_piece(path, kind, fold, origin, samples, regions):
    cache = CACHE / f"{path.parent.name}_{path.stem}.npz"
    if not cache.exists():
        heard = musicnn.hear(soxr.resample(samples, RATE_HZ, musicnn.RATE_HZ))
        np.savez(
            cache,
            rows=voice_features(hear_spectra(samples)),
            starts=heard.mtt.start_seconds,
            values=vocals.voice_values(heard),
            instrumental=vocals.instrumental_objection(heard),
        )
    kept = np.load(cache)
    count = len(kept["rows"])
    truth = np.full(count, np.nan) if regions is None else share_of_voice(regions, count)
    heard = kept["starts"], kept["values"], float(kept["instrumental"])
    return Piece(path.stem, kind, fold, origin, kept["rows"], truth, *heard)


def logistic(columns, answers, weight, penalty):
    """Weights and bias of a logistic regression on raw columns; the penalty holds for standardised ones."""
    from scipy.optimize import minimize

    mean, spread = columns.mean(axis=0), columns.std(axis=0) + 1e-9
    scaled = np.hstack([(columns - mean) / spread, np.ones((len(columns), 1))])
    sign = np.where(answers, 1.0, -1.0)

    def loss(w):
        margin = sign * (scaled @ w)
        slope = -sign * weight / (1 + np.exp(np.clip(margin, -60, 60)))
        cost = float((weight * np.logaddexp(0, -margin)).sum() + penalty / 2 * (w[:-1] ** 2).sum())
        return cost, scaled.T @ slope + penalty * np.append(w[:-1], 0)

    found = minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    weights = found[:-1] / spread
    return weights, float(found[-1] - weights @ mean)


def fit_signal(pieces):
    rows = np.concatenate([one.rows for one in pieces])
    truth = np.concatenate([one.truth for one in pieces])
    origin = np.concatenate([np.full(len(one.rows), one.origin) for one in pieces])
    weight = np.ones(len(rows))
    for name, share in SHARES.items():
        weight[origin == name] = share * (origin == "mixes").sum() / max((origin == name).sum(), 1)
    clear = (truth > 0.8) | (truth < 0.05)  # what is half voice teaches nothing
    return logistic(rows[clear], truth[clear] > 0.5, weight[clear], PENALTY)


def fit_joint(pieces, *, network):
    """Weights of the odds of a moment and of a track, on signals that were not fitted to."""
    local = fit_moments(pieces, network=False)
    if network:
        local = NETWORK_SHARE * fit_moments(pieces, network=True) + (1 - NETWORK_SHARE) * np.append(local, [0, 0])
    weight = np.array([TRACK_WEIGHTS[one.origin] for one in pieces])
    columns = np.array([vocals.track_columns(one.smooth, one.opinion if network else None) for one in pieces])
    slopes, bias = logistic(columns, np.array([one.sings for one in pieces]), weight, 1.0)
    return tuple(local), (bias, *slopes)


def fit_moments(pieces, *, network):
    """Bias and weights: "where, if at all" is asked of tracks with a voice."""
    members = [one for one in pieces if one.sings and not np.isnan(one.truth).any()]
    columns = np.concatenate(
        [vocals.moment_columns(one.smooth, one.opinion if network else None)[one.clear] for one in members]
    )
    answers = np.concatenate([one.truth[one.clear] > 0.5 for one in members])
    weight = np.concatenate([np.full(int(one.clear.sum()), MOMENT_WEIGHTS[one.origin]) for one in members])
    slopes, bias = logistic(columns, answers, weight, 1.0)
    return np.array([bias, *slopes])


def fit_kind(pieces):
    rows, sung = [], []
    for one in pieces:
        if one.kind in ("sing", "rap", "speech"):
            inside = one.rows[one.truth > 0.8]
            rows.append(inside)
            sung.append(np.full(len(inside), one.kind == "sing"))
    rows, sung = np.concatenate(rows), np.concatenate(sung)
    return logistic(rows, sung, np.where(sung, 1.0, (sung.sum() + 1) / ((~sung).sum() + 1)), 3 * PENALTY)


def apply(model, piece):
    return piece.rows @ model[0] + model[1]


def area_under_roc(answers, values):
    order = np.argsort(values, kind="stable")
    rank = np.empty(len(values))
    rank[order] = np.arange(1, len(values) + 1)
    positive = np.asarray(answers, dtype=bool)
    count = positive.sum()
    return (rank[positive].sum() - count * (count + 1) / 2) / (count * (len(values) - count))


def report(pieces, halves, *, network, title):
    """What is reached on tracks that nothing was fitted to: those of one half with the weights of the other."""
    print(f"{title}: {len(pieces)} tracks, {sum(one.sings for one in pieces)} with a voice")
    answers, odds, right, probabilities, scores = [], [], [], [], []
    for one in pieces:
        local, track = halves[1 - one.fold]
        opinion = one.opinion if network else None
        z = local[0] + vocals.moment_columns(one.smooth, opinion) @ local[1:]
        columns = vocals.track_columns(one.smooth, opinion)
        presence = track[0] + columns @ track[1:]
        if not network:
            presence = min(presence, vocals.MOST_ODDS_ALONE)
        p = 1 / (1 + np.exp(-presence))
        probabilities.append(max(p, 1 - p))
        right.append((p >= 0.5) == one.sings)
        if one.sings and not np.isnan(one.truth).any():
            answers.append(one.truth[one.clear] > 0.5)
            odds.append(z[one.clear])
            said = share_of_voice(vocals.voice_passages(z), len(z)) > 0.5
            sung = one.truth > 0.5
            scores.append(2 * (said & sung).sum() / max(said.sum() + sung.sum(), 1))
        if not right[-1]:
            print(f"    wrong: {one.name} ({one.kind}), p {p:.2f}, by {numbers(columns, 2)}")
    print(f"  voice or none: {np.mean(right):.3f} right")
    if answers:
        where = area_under_roc(np.concatenate(answers), np.concatenate(odds))
        print(f"  where it is: AUC {where:.3f}, F {np.mean(scores):.3f}")
    probabilities, right = np.array(probabilities), np.array(right)
    for low, high in ((0.5, 0.75), (0.75, 0.9), (0.9, 1.01)):
        some = (probabilities >= low) & (probabilities < high)
        if some.any():
            mean, hits = probabilities[some].mean(), right[some].mean()
            print(f"  said {low:.2f}-{high:.2f}: {some.sum()} tracks, mean {mean:.2f}, right {hits:.2f}")
    if not answers:
        return
    odds, answers = np.concatenate(odds), np.concatenate(answers)
    for low in np.arange(0, 1, 0.2):
        p = 1 / (1 + np.exp(-odds))
        some = (p >= low) & (p < low + 0.2)
        if some.any():
            print(f"  p {low:.1f}-{low + 0.2:.1f}: {some.sum()} windows, voice in {answers[some].mean():.2f}")


def numbers(values, digits=4):
    return ", ".join(f"{value:.{digits}g}" for value in values)


def main() -> None:
    CACHE.mkdir(exist_ok=True)
    pieces: list[Piece] = []
    for folder in (Path(one) for one in sys.argv[1:] if not one.startswith("--")):
        if (folder / "truth.jsonl").exists():
            pieces += read_recordings(folder)
        elif mixes := sorted(folder.glob("*.npz")):
            pieces += [read_mix(path) for path in mixes]
        else:
            pieces += [read_demo(path, number) for number, path in enumerate(sorted(folder.glob("*.json")))]
    joining = "--join" in sys.argv
    as_it_is = (voice_weights.SIGNAL, voice_weights.SIGNAL_BIAS), (voice_weights.SUNG, voice_weights.SUNG_BIAS)
    kinds = []
    for fold in (0, 1):
        half = [one for one in pieces if one.fold == fold]
        model, kind = as_it_is if joining else (fit_signal(half), fit_kind(half))
        for one in pieces:
            if one.fold != fold:
                one.signal = apply(model, one)
                if one.kind in ("sing", "rap", "speech"):
                    kinds.append((one.kind == "sing", float(apply(kind, one)[one.truth > 0.8].mean()), one.kind))
    origins = list(dict.fromkeys(one.origin for one in pieces))
    for network in (False, True):
        halves = [fit_joint([one for one in pieces if one.fold == fold], network=network) for fold in (0, 1)]
        for origin in origins:
            some = [one for one in pieces if one.origin == origin]
            report(some, halves, network=network, title=f"{origin} {'with' if network else 'without'} networks")
    joint = {network: fit_joint(pieces, network=network) for network in (False, True)}
    sure = [(truth, value) for truth, value, _ in kinds if abs(value) > vocals.KIND_SURE]
    print(f"sung or spoken: sure of {len(sure)} of {len(kinds)}, {np.mean([t == (v > 0) for t, v in sure]):.3f} right")
    print({network: [numbers(part) for part in parts] for network, parts in joint.items()})
    if "--write" in sys.argv:
        signal, kind = as_it_is if joining else (fit_signal(pieces), fit_kind(pieces))
        write(signal, kind, joint, [f"{sum(one.origin == origin for one in pieces)} {origin}" for origin in origins])


def write(signal, kind, joint, counts):
    def block(name, values):
        lines = [numbers(values[first : first + 10]) for first in range(0, len(values), 10)]
        return f"{name} = np.array([\n    " + ",\n    ".join(lines) + ",\n])  # fmt: skip\n"

    WEIGHTS_FILE.write_text(
        f'"""Weights of `vocals.py`, written by tests/listening/fit_voice_weights.py.\n\n'
        f"Joined on {', '.join(counts)};\n"
        "docs/vocals.md says what all were fitted on and how well they do on what they were not fitted on.\n"
        '"""\n\nimport numpy as np\n\n'
        + block("SIGNAL", signal[0])
        + f"SIGNAL_BIAS = {signal[1]:.4g}\n"
        + '"""Log odds of a voice from a row of `voice_features`."""\n\n'
        + block("SUNG", kind[0])
        + f"SUNG_BIAS = {kind[1]:.4g}\n"
        + '"""Log odds that a voice sings rather than speaks, from the same row."""\n\n'
        + f"LOCAL_ALONE = np.array([{numbers(joint[False][0])}])\n"
        + f"LOCAL = np.array([{numbers(joint[True][0])}])\n"
        + '"""Bias and slopes of the log odds of a voice at a moment of a track: `vocals.moment_columns`."""\n\n'
        + f"TRACK_ALONE = np.array([{numbers(joint[False][1])}])\n"
        + f"TRACK = np.array([{numbers(joint[True][1])}])\n"
        + '"""Bias and slopes of the log odds that a track has a voice: `vocals.track_columns`."""\n'
    )


if __name__ == "__main__":
    main()
