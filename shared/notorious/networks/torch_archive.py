"""Reading the tensors of a PyTorch `.pt` file without PyTorch, and without running what it says.

The file is a zip: a pickle that describes tensors (storage, offset, shape, strides) and one file of raw numbers per
storage. Unpickling can call anything that the pickle names, so this unpickler knows exactly three names, none of which
does anything but describe a tensor of floats; any other name is refused before it is looked up.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_LARGEST_BYTES = 64 << 20


class HostileArchive(ValueError):
    """The file asks for more than tensors of floats."""


@dataclass(frozen=True)
class _Storage:
    key: str
    count: int


def read_tensors(data: bytes) -> dict[str, Array]:
    """The tensors of a state dictionary by name, float32.

    data : the content of a `.pt` file (torch.save since 1.6)
    Raises HostileArchive where it names anything but tensors of floats, ValueError where it is broken.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST_BYTES:
                raise HostileArchive("the archive unpacks to more than 64 MB")
            names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(names) != 1:
                raise ValueError("there is no single data.pkl in it")
            prefix = names[0].removesuffix("data.pkl")
            described = _Unpickler(io.BytesIO(archive.read(names[0]))).load()
            if not isinstance(described, dict):
                raise HostileArchive("it does not hold a dictionary of tensors")
            return {
                str(name): tensor.read(archive, prefix)
                for name, tensor in described.items()
                if isinstance(tensor, _Tensor)
            }
    except (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"it is no readable PyTorch archive ({error})") from error


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, archive: zipfile.ZipFile, prefix: str) -> Array:
        numbers = np.frombuffer(archive.read(f"{prefix}data/{self.storage.key}"), "<f4")
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.shape, *self.strides)) < 0 or last >= len(numbers):
            raise HostileArchive("a tensor reaches beyond its storage")
        strides = [4 * stride for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, strides, writeable=False)
        return np.ascontiguousarray(view, dtype=np.float32)


def _describe_tensor(storage: object, offset: int, shape: object, strides: object, *_: object) -> _Tensor:
    if not isinstance(storage, _Storage) or not _whole(offset, *_tuple(shape), *_tuple(strides)):
        raise HostileArchive("a tensor is not described by a storage, an offset, a shape and strides")
    return _Tensor(storage, offset, _tuple(shape), _tuple(strides))


def _tuple(value: object) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else ()


def _whole(*values: object) -> bool:
    return all(type(value) is int for value in values)


_ALLOWED: dict[tuple[str, str], Callable[..., Any] | str] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _describe_tensor,
    ("torch", "FloatStorage"): "float32",
}


class _Unpickler(pickle.Unpickler):
    """Knows three names and one kind of persistent id."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise HostileArchive(f"it asks for {module}.{name}, which is not a description of a tensor") from None

    def persistent_load(self, pid: Any) -> _Storage:
        match pid:
            case ("storage", "float32", str() as key, str(), int() as count) if key.isalnum():
                return _Storage(key, count)
        raise HostileArchive(f"it refers to something that is not a storage of floats: {pid!r}")
