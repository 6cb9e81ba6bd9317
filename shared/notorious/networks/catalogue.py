"""Which networks there are, and which of them lie on this machine.

A family is what one set of authors published together: its files are installed, removed and used together. The files
are ONNX graphs, converted on the user's machine from the authors' own packages (`notorious models install`).
"""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from notorious.folders import default_cache_folder


@dataclass(frozen=True)
class Family:
    """Networks that were published together: `name` as it is said, `files` as they lie in the folder."""

    name: str
    files: tuple[str, ...]
    hears: str


BEATNET = Family("BeatNet", ("beatnet_1.onnx", "beatnet_2.onnx", "beatnet_3.onnx"), "beats and bar lines")
MUSICNN = Family("musicnn", ("msd_musicnn.onnx",), "voices, genre, likeness")
FAMILIES = (BEATNET, MUSICNN)


def folder() -> Path:
    """Where networks are kept: NOTORIOUS_MODELS, else `networks` in the user's cache folder."""
    named = os.environ.get("NOTORIOUS_MODELS")
    return Path(named).expanduser() if named else default_cache_folder() / "networks"


def installed(family: Family) -> bool:
    """Whether all files of a family are there, and the runtime that runs them."""
    return can_run() and all((folder() / name).is_file() for name in family.files)


def can_run() -> bool:
    """Whether onnxruntime is installed (the extra `networks`)."""
    return importlib.util.find_spec("onnxruntime") is not None


def digests(family: Family) -> dict[str, str]:
    """SHA-256 of each installed network of a family, by its name without the ending."""
    return {name.removesuffix(".onnx"): _sha256(folder() / name) for name in family.files}


@lru_cache(maxsize=64)
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
