"""What networks say of a track, as parts of its analysis: packed small, and read again without running a network.

A part is JSON. Where the networks are not installed it is `{"absent": why}` and the analyser's version is 0, so that
installing them makes these parts, and what rests on them, new.

BeatNet: probabilities as bytes, the square root scaled to 255, since the small ones matter too (0.002 is told from
0.004). musicnn: logits and embeddings as float16 (three significant digits).
"""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.mono import Mono
from notorious.networks import BEATNET, MUSICNN, Family, beatnet, catalogue, musicnn

BEATS = "beatnet"
PATCHES = "musicnn"
BEATS_VERSION = 1 if catalogue.installed(BEATNET) else 0
PATCHES_VERSION = 1 if catalogue.installed(MUSICNN) else 0
"""Versions as long as this process lives: a network that is installed meanwhile is used by the next one."""

Part = Any

_BLOCK_SAMPLES = 1 << 18

NOT_ASKED: Part = {"absent": "beatnet was not asked: beats and bars are clear without it"}
"""The part `beatnet` where the grid had no need of it."""


def hear_beats(mono: Mono) -> Part:
    """The part `beatnet` of a signal [shape=(n,)] at 22,050 Hz."""
    if not BEATS_VERSION:
        return _absent(BEATNET)
    probabilities = beatnet.activations(mono)
    data = np.round(255 * np.sqrt(probabilities)).astype(np.uint8)
    return {"networks": _used(*BEATNET.files), "hop_seconds": beatnet.HOP_SECONDS, "data": _encode(data)}


def beat_activations(part: Part) -> NDArray[np.float32] | None:
    """p(beat that is no downbeat) and p(downbeat) every 20 ms [shape=(frames, 2)]; None where the network is absent."""
    if "absent" in part:
        return None
    data = np.frombuffer(base64.b64decode(part["data"]), np.uint8).reshape(-1, 2)
    return np.square(data.astype(np.float32) / 255)


def hear_patches(mono: Mono, rate_hz: int) -> Part:
    """The part `musicnn` of a signal [shape=(n,)]."""
    if not PATCHES_VERSION:
        return _absent(MUSICNN)
    heard = musicnn.hear_blocks(_resampled(mono, rate_hz, musicnn.RATE_HZ))
    return {
        "networks": _used(*MUSICNN.files),
        **{
            name: {
                "start_seconds": [round(float(start), 3) for start in some.start_seconds],
                "logits": _encode(some.logits.astype(np.float16)),
                "embedding": _encode(some.embedding.astype(np.float16)),
            }
            for name, some in (("msd", heard.msd), ("mtt", heard.mtt))
        },
    }


def _resampled(mono: Mono, from_hz: int, to_hz: int) -> Iterator[NDArray[np.float32]]:
    """A signal [shape=(n,)] at another rate, block by block: an hour at 16 kHz would be 230 MB."""
    import soxr

    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
    for start in range(0, len(mono), _BLOCK_SAMPLES):
        block = mono[start : start + _BLOCK_SAMPLES]
        yield stream.resample_chunk(block, last=start + _BLOCK_SAMPLES >= len(mono))


def patches(part: Part) -> musicnn.Heard | None:
    """Tags and embeddings of every three seconds, the two networks in turn; None where they are absent."""
    if "absent" in part:
        return None
    return musicnn.Heard(msd=_patches(part["msd"]), mtt=_patches(part["mtt"]))


def _patches(kept: Any) -> musicnn.Patches:
    return musicnn.Patches(
        start_seconds=np.array(kept["start_seconds"]),
        logits=_decode(kept["logits"], len(musicnn.MSD_TAGS)),
        embedding=_decode(kept["embedding"], musicnn.EMBEDDING_SIZE),
    )


def networks_in(*parts: Part) -> dict[str, str]:
    """Name and SHA-256 of the networks that had a part in these parts."""
    return {name: sha256 for part in parts for name, sha256 in part.get("networks", {}).items()}


def _used(*names: str) -> dict[str, str]:
    return {name.removesuffix(".onnx"): catalogue.digest(name) for name in names}


def _absent(family: Family) -> Part:
    return {"absent": f"{family.name} is not installed"}


def _encode(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _decode(text: str, columns: int) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), np.float16).reshape(-1, columns).astype(np.float32)
