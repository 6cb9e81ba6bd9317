"""Which networks there are, and which of them lie on this machine.

A family is what one set of authors published together: its files are installed, removed and used together. The files
are ONNX graphs, converted on the user's machine from the authors' own packages (`notorious models install`). The
conversion is exact arithmetic on single numbers, so that everybody's files have the same hash.
"""

import hashlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from notorious.folders import default_cache_folder


@dataclass(frozen=True)
class Family:
    """Networks that were published together.

    `files` are the networks and the SHA-256 that each has when it was converted here; `attribution` is the file beside
    them that names authors and licence.
    """

    name: str
    hears: str
    licence: str
    files: Mapping[str, str]
    attribution: str


BEATNET = Family(
    "BeatNet",
    "beats and bar lines",
    "CC BY 4.0",
    {
        "beatnet_1.onnx": "aeafa1555d7be1c5a8982bd64b500b42924ec203388d6e181cf774f9d372e1a3",
        "beatnet_2.onnx": "54149fdf38d36dbcc113178e1457378e62f279b844db41463f0bb34f8c24257f",
        "beatnet_3.onnx": "952a1d7fc06830e5790867dd99a9c16e177acf626aa6676d44b601b2686c6623",
    },
    "BeatNet.LICENCE.txt",
)
MUSICNN = Family(
    "musicnn",
    "voices, genre, likeness",
    "ISC",
    {
        "msd_musicnn.onnx": "848c1e76b2df990bc8130cdcc5d1ffe02bdabe9617a7799c307561791b6c2a50",
        "mtt_musicnn.onnx": "4b1d0d276d62133904220b243f23575a6fa437b690645ef787d4043c648dadeb",
    },
    "musicnn.LICENCE.txt",
)
FAMILIES = (BEATNET, MUSICNN)


def folder() -> Path:
    """Where networks are kept: NOTORIOUS_MODELS, else `networks` in the user's cache folder."""
    named = os.environ.get("NOTORIOUS_MODELS")
    return Path(named).expanduser() if named else default_cache_folder() / "networks"


def installed(family: Family) -> bool:
    """Whether all files of a family are there, and the runtime that runs them."""
    return can_run() and not missing_files(family)


def missing_files(family: Family) -> list[str]:
    """The files of a family that are not in the folder."""
    return [name for name in family.files if not (folder() / name).is_file()]


def can_run() -> bool:
    """Whether onnxruntime is installed (the extra `networks`)."""
    return importlib.util.find_spec("onnxruntime") is not None


def digest(name: str) -> str:
    """SHA-256 of an installed network, read once in a process."""
    return _sha256(folder() / name)


@lru_cache(maxsize=64)
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
