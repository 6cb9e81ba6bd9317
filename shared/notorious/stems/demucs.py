"""Demucs as a separator: its own code (MIT) and torch, its weights from a folder.

Weights are safetensors files as the authors publish them: `MODEL.yaml` names the networks of a bag, each lies beside
it as `SIGNATURE.safetensors`; or one `MODEL.safetensors` alone. Such a file holds numbers, and the name and the
arguments of the class that they belong to, which has to be one of Demucs' own. The older `.th` files are pickles, which
may run anything: they are not read.

torch and demucs are imported when a separator is loaded and not before.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from notorious.errors import NotoriousError
from notorious.stems.separator import STEMS, Stereo

DEFAULT_MODEL: Final = "htdemucs"
WEIGHTS_VARIABLE: Final = "NOTORIOUS_STEM_WEIGHTS"
OVERLAP: Final = 0.25
"""Of the network's own segments; Demucs' default."""
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CLASSES = frozenset({"demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs"})


class WeightsMissing(NotoriousError):
    """There are no weights of the model that was asked for."""

    exit_code = 6


class WeightsRefused(NotoriousError):
    """The weights are there but are not what they should be."""

    exit_code = 6


class SeparatorMissing(NotoriousError):
    """torch or demucs is not installed."""

    exit_code = 6


def weights_folder() -> Path | None:
    """Where weights lie: `NOTORIOUS_STEM_WEIGHTS`, or nowhere."""
    named = os.environ.get(WEIGHTS_VARIABLE)
    return Path(named) if named else None


def find_weights(folder: Path | None, model: str) -> list[Path]:
    """The files of a model's networks. Raises WeightsMissing, WeightsRefused."""
    if not _MODEL_NAME.fullmatch(model):
        raise WeightsMissing(f"{model!r} is not the name of a model; one is called {DEFAULT_MODEL!r}")
    if folder is None:
        raise WeightsMissing(
            f"there are no weights of {model}: {WEIGHTS_VARIABLE} names no folder; put {model}.yaml and its "
            ".safetensors files (or one .safetensors file of that name) into a folder and name it there"
        )
    alone, bag = folder / f"{model}.safetensors", folder / f"{model}.yaml"
    if alone.is_file():
        return [alone]
    if not bag.is_file():
        raise WeightsMissing(
            f"there are no weights of {model} in {folder}: neither {bag.name} nor {alone.name}; put them there"
        )
    signatures = _bag(bag).get("models")
    if not isinstance(signatures, list) or not signatures or not all(isinstance(one, str) for one in signatures):
        raise WeightsRefused(f"{bag}: it names no networks (a list `models`); fetch it again")
    files = [folder / f"{signature}.safetensors" for signature in signatures if _MODEL_NAME.fullmatch(signature)]
    missing = [file.name for file in files if not file.is_file()]
    if missing or len(files) != len(signatures):
        raise WeightsMissing(f"{bag}: of its networks these are not beside it: {', '.join(missing or signatures)}")
    return files


def _bag(path: Path) -> dict[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise WeightsRefused(f"{path}: it cannot be read ({error}); fetch it again") from error
    return read if isinstance(read, dict) else {}


class DemucsSeparator:
    """A Demucs model, ready to be used; the GPU does the work where there is one."""

    def __init__(self, name: str, network: Any, *, device: str) -> None:
        self.name = name
        self.rate_hz: int = int(network.samplerate)
        self.device = device
        self._network = network
        sources = list(network.sources)
        if sorted(sources) != sorted(STEMS) or network.audio_channels != 2:
            raise WeightsRefused(f"{name} separates {', '.join(sources)}; {', '.join(STEMS)} in stereo are needed")
        self._order = [sources.index(stem) for stem in STEMS]

    @classmethod
    def load(cls, model: str = DEFAULT_MODEL, folder: Path | None = None) -> "DemucsSeparator":
        """Load a model from a folder (default: the one that `NOTORIOUS_STEM_WEIGHTS` names).

        Raises WeightsMissing, WeightsRefused, SeparatorMissing.
        """
        folder = folder or weights_folder()
        files = find_weights(folder, model)
        try:
            import torch
            from demucs.apply import BagOfModels
            from demucs.hf import load_safetensors_model
        except ImportError as error:
            raise SeparatorMissing(
                f"taking tracks apart needs torch and demucs, and {error.name or error} is not installed; "
                "see docs/stems.md"
            ) from error
        networks = []
        for file in files:
            _check_class(file)
            try:
                networks.append(load_safetensors_model(file).eval())
            except Exception as error:
                raise WeightsRefused(f"{file}: these weights cannot be loaded ({error}); fetch them again") from error
        bag = _bag(folder / f"{model}.yaml") if folder is not None and len(files) > 1 else {}
        network = networks[0] if len(networks) == 1 else BagOfModels(networks, bag.get("weights"), bag.get("segment"))
        return cls(model, network, device="cuda" if torch.cuda.is_available() else "cpu")

    def separate(self, mix: Stereo) -> NDArray[np.float32]:
        """The stems of a stretch [shape=(4, n, 2)], float32, in the order of `STEMS`. The same input, the same bits."""
        import torch
        from demucs.apply import apply_model

        with torch.inference_mode():
            heard = torch.from_numpy(np.ascontiguousarray(mix.T))[None]
            # No shifts: they are random, and a cache of stems wants the same ones twice.
            out = apply_model(self._network, heard, shifts=0, split=True, overlap=OVERLAP, device=self.device)
            stems: NDArray[np.float32] = out[0].to("cpu", torch.float32).numpy()
        return np.ascontiguousarray(stems[self._order].transpose(0, 2, 1))


def _check_class(file: Path) -> None:
    """Weights name the class they belong to; only Demucs' own are made. Raises WeightsRefused."""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(min(length, 16 << 20)))
        named = header["__metadata__"]["klass"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsRefused(f"{file}: this is no file of weights ({error}); fetch it again") from error
    if named not in _CLASSES:
        raise WeightsRefused(f"{file}: it wants the class {named!r}, which is none of Demucs' networks")
