"""Fits the weights of `notorious.analysis.key` on renderings and reports on others. Run it by hand:

    PYTHONPATH=shared python tests/listening/fit_key_weights.py

Softmax regression over the 24 keys: every rendering is turned to each tonic, so the 120 weights and 2 offsets are
shared by all keys. Seeds 0-599 fit, seeds 10000-10299 report; the first half of the report also sets the sureness
(temperature). Beside it, the published profiles on the same chroma (its three bands added), by correlation.
"""

import sys
from pathlib import Path

import numpy as np
from key_renderings import power_spectra, render
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from notorious.analysis.key import Chroma, KeyListener

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


def heard(seeds: range) -> tuple[list[Chroma], Array, Array]:
    """Chromas, key indices and detuning [cents] of the renderings that belong to some seeds."""
    chromas, truth, detune = [], [], []
    for seed in seeds:
        rendering = render(seed)
        listener = KeyListener()
        listener.hear(power_spectra(rendering.samples))
        chromas.append(listener.chroma())
        truth.append(rendering.tonic + (12 if rendering.mode == "minor" else 0))
        detune.append(rendering.detune_cents)
    return chromas, np.array(truth), np.array(detune)


def turned(chromas: list[Chroma]) -> Array:
    """Shape (tracks, 12 tonics, 5 chromas, 12)."""
    bands = np.array([chroma.bands for chroma in chromas])
    return np.stack([np.roll(bands, -tonic, axis=2) for tonic in range(12)], axis=1)


def scores(parameters: Array, features: Array) -> Array:
    weights, offsets = parameters[:120].reshape(2, 5, 12), parameters[120:]
    return (np.einsum("ntbp,mbp->nmt", features, weights) + offsets[None, :, None]).reshape(len(features), 24)


def fit(features: Array, truth: Array, *, ridge: float = 7e-4) -> Array:
    rows = np.arange(len(truth))

    def loss(parameters: Array) -> tuple[float, Array]:
        logits = scores(parameters, features)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        value = -np.log(odds[rows, truth] + 1e-12).mean() + ridge * float((parameters[:120] ** 2).sum())
        odds[rows, truth] -= 1
        step = odds.reshape(len(truth), 2, 12) / len(truth)
        slope = np.einsum("nmt,ntbp->mbp", step, features).ravel() + 2 * ridge * parameters[:120]
        return value, np.concatenate([slope, step.sum(axis=(0, 2))])

    return minimize(loss, np.zeros(122), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x


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
    fit_on, truth, _ = heard(range(800))
    report_on, report_truth, detune = heard(range(10000, 10300))
    parameters = fit(turned(fit_on), truth)
    logits = scores(parameters, turned(report_on))
    right = logits.argmax(axis=1) == report_truth
    fitted = scores(parameters, turned(fit_on)).argmax(axis=1) == truth
    print(f"right: {fitted.mean():.3f} fitted, {right.mean():.3f} unseen")
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
    print(repr(parameters[:120].reshape(2, 5, 12)), repr(parameters[120:]))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
