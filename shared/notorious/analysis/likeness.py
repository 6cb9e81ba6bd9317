"""Embeddings for similarity: a track as a point on a sphere, near the tracks that sound like it.

Two kinds, which are never compared with one another. `signal-1` is computed from the shared spectra: the shape of the
spectrum and how it moves (after Logan, *Mel frequency cepstral coefficients for music modeling*, ISMIR 2000, and
Tzanetakis & Cook, *Musical genre classification of audio signals*, IEEE TSAP 10, 2002) and the pace at which each band
moves (after Pampalk, Rauber & Merkl, ACM Multimedia 2002). `musicnn-1` adds the embeddings of both musicnn networks.

Both are then projected by shrunken linear discriminant analysis (Fisher 1936) on the question that needs no labels:
which directions tell tracks apart, and which only the parts of one track? Fitted by tests/listening/fit_likeness.py.
"""

import base64
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.learned import learned_numbers
from notorious.analysis.model import Embedding
from notorious.analysis.spectrum import Spectra
from notorious.networks import musicnn

NAME = "embedding"
VERSION = 1

SIGNAL, MUSICNN = "signal-1", "musicnn-1"
_CEPSTRA = 20
_PACES_HZ = (0.5, 14.0)
_PACES = 12
_ACTIVE_BELOW_LOUD = 1e-4  # 40 dB below the loud frames there is nothing to hear

Vector = NDArray[np.float64]


def hear_embedding(spectra: Spectra, heard: musicnn.Heard | None) -> Embedding:
    """The embedding of a track, of the better kind that can be had."""
    features = signal_features(spectra)
    name = SIGNAL
    if heard is not None:
        features = np.concatenate([features, network_features(heard)])
        name = MUSICNN
    projection = Projection(*(learned_numbers()[f"{name}.{part}"] for part in Projection._fields))
    point = ((features - projection.usual) / projection.spread) @ projection.directions
    point = point / max(float(np.linalg.norm(point)), 1e-9)
    return Embedding(name=name, data=base64.b64encode(point.astype("<f2").tobytes()).decode("ascii"))


def vector(embedding: Embedding) -> NDArray[np.float32]:
    """The point [shape=(dimensions,)], float32, of length one."""
    point = np.frombuffer(base64.b64decode(embedding.data), "<f2").astype(np.float32)
    return point / max(float(np.linalg.norm(point)), 1e-9)


def signal_features(spectra: Spectra) -> Vector:
    """124 features [shape=(124,)]: 19 mean cepstra, 20 spreads, 20 spreads of their changes, 5 x 12 paces, 5 densities.

    The overall level has no part in it: the first cepstrum is left out of the means.
    """
    from scipy.fft import dct

    loudness = spectra.mel.sum(axis=1)
    active = loudness > np.quantile(loudness, 0.95) * _ACTIVE_BELOW_LOUD
    if active.sum() < _CEPSTRA:
        active[:] = True
    cepstra = dct(np.log10(spectra.mel + np.float32(1e-7)), type=2, norm="ortho", axis=1)[:, :_CEPSTRA]
    heard = cepstra[active]
    changes = np.diff(cepstra, axis=0, prepend=cepstra[:1])[active]
    shape = [heard[:, 1:].mean(axis=0), heard.std(axis=0), changes.std(axis=0)]
    density = np.log10(spectra.flux.mean(axis=0) + 1e-4)
    return np.concatenate([*shape, _paces(spectra), density]).astype(np.float64)


def _paces(spectra: Spectra) -> Vector:
    """How fast each of the five bands moves: log shares of twelve ranges of pace from 0.5 to 14 Hz."""
    from scipy.fft import rfft

    flux = spectra.flux - spectra.flux.mean(axis=0)
    length = 1 << int(np.ceil(np.log2(max(len(flux), 64))))
    window = np.hanning(len(flux)).astype(np.float32)[:, None]
    moved = np.abs(rfft(flux * window, length, axis=0)) ** 2
    edges = np.searchsorted(
        np.arange(len(moved)) / (length * spectra.hop_seconds), np.geomspace(*_PACES_HZ, _PACES + 1)
    )
    total = np.concatenate([np.zeros((1, moved.shape[1])), np.cumsum(moved, axis=0, dtype=np.float64)])
    ranges = total[edges[1:]] - total[edges[:-1]]
    shares = ranges / (ranges.sum(axis=0) + 1e-12)
    logs: Vector = np.log10(shares + 1e-3).T.ravel()
    return logs


def network_features(heard: musicnn.Heard) -> Vector:
    """Mean embedding of both networks [shape=(400,)]."""
    return np.concatenate([some.embedding.mean(axis=0) for some in (heard.msd, heard.mtt)]).astype(np.float64)


class Projection(NamedTuple):
    """Features are standardised with `usual` and `spread` and multiplied by `directions` [shape=(features, dims)]."""

    usual: Vector
    spread: Vector
    directions: Vector


def fit_projection(features: Vector, track: NDArray[np.int_], *, dimensions: int, shrinkage: float) -> Projection:
    """The directions in which tracks differ most, against the differences within a track.

    features : [shape=(excerpts, features)]; track : [shape=(excerpts,)], which track an excerpt is from
    shrinkage : 0 to 1, how much of the covariance within tracks is replaced by a sphere
    """
    usual, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = (features - usual) / spread
    tracks = np.unique(track)
    means = np.stack([scaled[track == one].mean(axis=0) for one in tracks])
    inner = scaled - means[np.searchsorted(tracks, track)]
    within = inner.T @ inner / len(inner)
    within = (1 - shrinkage) * within + shrinkage * np.eye(len(within)) * np.trace(within) / len(within)
    size, axes = np.linalg.eigh(within)
    whitened = axes / np.sqrt(size)
    between, turned = np.linalg.eigh(whitened.T @ np.cov(means.T) @ whitened)
    best = np.argsort(-between)[:dimensions]
    weight = np.sqrt(between[best] / (between[best] + 1))  # what is mostly noise counts for less
    return Projection(usual, spread, whitened @ turned[:, best] * weight)
