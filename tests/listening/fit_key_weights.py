"""Fits the weights of `notorious.analysis.key` and reports on what they were not fitted to. Run it by hand (half an
hour):

    PYTHONPATH=shared python tests/listening/fit_key_weights.py

Softmax regression over the 24 keys: every piece is turned to each tonic, so the 123 weights and 2 offsets are shared by
all keys. It fits on renderings 0-1999 and on demo tracks of seeds 100-103 (half length) and 110-115, which count three
times, and reports on renderings 50000-50299 and demo seeds 505-508. The first half of the report also sets the sureness
(temperature). Beside it, the published profiles on the same chroma (its three bands added), by correlation.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from key_renderings import power_spectra, render
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from notorious.analysis.grid import fit_grid
from notorious.analysis.key import KeyListener
from notorious.analysis.key_profiles import Chroma, triads_in_first_bars
from notorious.demo.recipe import recipes
from notorious.demo.track import render as render_demo

# Published profiles, major and minor from the tonic: Krumhansl & Kessler 1982; Temperley 1999 (revised); Temperley 2005
# (Kostka-Payne counts); Sha'ath 2011; Faraldo et al. 2016 (edma).
PROFILES = {
    "Krumhansl": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    "Temperley 1999": (
        (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
        (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
    ),
    "Temperley 2005": (
        (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
        (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
    ),
    "Sha'ath": (
        (6.6, 2.0, 3.5, 2.3, 4.6, 4.0, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4),
        (6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4.0, 2.7, 4.3, 3.2),
    ),
    "Faraldo (edma)": (
        (0.1652, 0.0475, 0.0829, 0.0669, 0.0999, 0.0927, 0.0529, 0.1316, 0.0522, 0.0744, 0.0694, 0.0643),
        (0.1724, 0.0534, 0.0761, 0.1004, 0.0562, 0.0853, 0.0498, 0.1345, 0.0746, 0.0500, 0.0919, 0.0555),
    ),
}
Array = NDArray[np.float64]
DEMO_COUNTS = 3.0


@dataclass(frozen=True)
class Pieces:
    """Chromas, key indices and detuning [cents] of some pieces, and how much each counts in the fit."""

    chromas: list[Chroma]
    truth: Array
    detune: Array
    counts: Array

    def __add__(self, other: "Pieces") -> "Pieces":
        return Pieces(
            self.chromas + other.chromas,
            np.concatenate([self.truth, other.truth]),
            np.concatenate([self.detune, other.detune]),
            np.concatenate([self.counts, other.counts]),
        )


def chroma_of(samples: NDArray[np.float32]) -> Chroma:
    """As the pipeline hears it: the grid first."""
    fit = fit_grid(samples)
    trust = fit.tempo.confidence if fit.tempo.steady else 0.0
    listener = KeyListener(fit.grid.downbeats(), grid_confidence=trust)
    listener.hear(power_spectra(samples))
    return listener.chroma()


def heard_renderings(seeds: range) -> Pieces:
    pieces = [render(seed) for seed in seeds]
    truth = [piece.tonic + (12 if piece.mode == "minor" else 0) for piece in pieces]
    chromas = [chroma_of(piece.samples) for piece in pieces]
    detune = np.array([piece.detune_cents for piece in pieces])
    return Pieces(chromas, np.array(truth), detune, np.ones(len(pieces)))


def heard_demo(seeds: range, *, shorten: float) -> Pieces:
    found = [recipe for seed in seeds for recipe in recipes(seed, 12, shorten=shorten)]
    chromas = []
    for recipe in found:
        mono = render_demo(recipe).track.mean(axis=1).astype(np.float32) / 32768
        chromas.append(chroma_of(soxr.resample(mono, 44100, 22050, quality="HQ")))
    truth = [recipe.key.tonic + (12 if recipe.key.mode == "minor" else 0) for recipe in found]
    detune = np.array([recipe.key.tuning_cents for recipe in found])
    return Pieces(chromas, np.array(truth), detune, np.full(len(found), DEMO_COUNTS))


def features(chromas: list[Chroma]) -> Array:
    """Shape (pieces, 24, 125): what each weight and each offset is multiplied with, for each key."""
    out = np.zeros((len(chromas), 2, 12, 125))
    for number, chroma in enumerate(chromas):
        turned = np.stack([np.roll(chroma.bands, -tonic, axis=1).ravel() for tonic in range(12)])
        for mode in (0, 1):
            out[number, mode, :, 60 * mode : 60 * mode + 60] = turned
            out[number, mode, :, 120 + mode] = 1.0
        out[number, :, :, 122:] = triads_in_first_bars(chroma)
    return out.reshape(len(chromas), 24, 125)


def fit(pieces: Pieces, *, ridge: float = 7e-4, ridge_of_first_bars: float = 1e-5) -> Array:
    """The 120 weights, 2 offsets and 3 weights of first bars."""
    heard, truth = features(pieces.chromas), pieces.truth
    rows, counts = np.arange(len(truth)), pieces.counts / pieces.counts.sum()
    penalty = np.concatenate([np.full(120, ridge), np.zeros(2), np.full(3, ridge_of_first_bars)])

    def loss(parameters: Array) -> tuple[float, Array]:
        logits = heard @ parameters
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        value = -float(counts @ np.log(odds[rows, truth] + 1e-12)) + float(penalty @ parameters**2)
        odds[rows, truth] -= 1
        slope = np.einsum("n,nk,nkp->p", counts, odds, heard, optimize=True) + 2 * penalty * parameters
        return value, slope

    return minimize(loss, np.zeros(125), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x


def by_profile(name: str, chromas: list[Chroma]) -> Array:
    answers = []
    for chroma in chromas:
        whole = np.sum(chroma.bands[:3] ** 2, axis=0)
        answers.append(
            np.argmax(
                [np.corrcoef(np.roll(profile, tonic), whole)[0, 1] for profile in PROFILES[name] for tonic in range(12)]
            )
        )
    return np.array(answers)


def main() -> None:
    fitted_to = (
        heard_renderings(range(2000))
        + heard_demo(range(100, 104), shorten=0.5)
        + heard_demo(range(110, 116), shorten=1)
    )
    parameters = fit(fitted_to)
    fitted = (features(fitted_to.chromas) @ parameters).argmax(axis=1) == fitted_to.truth
    print(f"right of those fitted to: renderings {fitted[:2000].mean():.3f}, demo {fitted[2000:].mean():.3f}")
    demo = heard_demo(range(505, 509), shorten=1)
    print(f"demo, unseen: {np.mean((features(demo.chromas) @ parameters).argmax(axis=1) == demo.truth):.3f}")
    unseen = heard_renderings(range(50000, 50300))
    report_on, report_truth, detune = unseen.chromas, unseen.truth, unseen.detune
    logits = features(report_on) @ parameters
    right = logits.argmax(axis=1) == report_truth
    print(f"renderings, unseen: {right.mean():.3f}")
    half = len(right) // 2

    def surprise(sureness: float) -> float:
        tempered = sureness * logits[:half]
        tempered -= np.log(np.exp(tempered).sum(axis=1, keepdims=True))
        return float(-tempered[np.arange(half), report_truth[:half]].mean())

    sureness = minimize_scalar(surprise, bounds=(0.2, 3), method="bounded").x
    odds = np.exp(sureness * (logits - logits.max(axis=1, keepdims=True)))
    confidence = 1 / odds.sum(axis=1)
    print(f"sureness {sureness:.2f}; second half: confidence / share right by confidence")
    for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
        group = (confidence[half:] >= low) & (confidence[half:] < high)
        if group.any():
            print(f"  {confidence[half:][group].mean():.2f} {right[half:][group].mean():.2f} of {group.sum()}")
    off = (np.array([chroma.tuning_cents for chroma in report_on]) - detune + 50) % 100 - 50
    print(f"tuning off by {np.median(abs(off)):.1f} cents in the median, {np.percentile(abs(off), 95):.1f} at 95 %")
    for name in PROFILES:
        print(f"{name}: {(by_profile(name, report_on) == report_truth).mean():.3f}")
    np.set_printoptions(precision=2, suppress=True, floatmode="fixed", linewidth=110)
    print(repr(parameters[:120].reshape(2, 5, 12)), repr(parameters[120:122]), repr(parameters[122:]))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
