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
        "beatnet_1.onnx": "583c2e640e802a3065d55a98f74ccf3301af62d44597bfa54b5d23987b1081f6",
        "beatnet_2.onnx": "7fd8add337a754a78a18f37142739a9ea8c4cbeba40d0d9a84a9f6e95736250a",
        "beatnet_3.onnx": "dc5edefde464016aa18e0dcc974b15e9e2082bce6388201b6d6793e7323dac71",
    },
    "BeatNet.LICENCE.txt",
)
MUSICNN = Family(
    "musicnn",
    "voices, genre, likeness",
    "ISC",
    {
        "msd_musicnn.onnx": "8735c84688f3a0a78340e7604cd779c4cb83276ea0c9ca34ca9361cc57cbc4c6",
        "mtt_musicnn.onnx": "5a09199bb3f77e216c42f2191a1c3fa399012cbf3ca39fe3aaa6cee4705e995f",
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
