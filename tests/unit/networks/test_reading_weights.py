"""The readers take tensors and nothing else, however the file is made."""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from notorious.networks.protobuf import block, fields, number, numbers, read_varint, varint
from notorious.networks.tensorflow_checkpoint import read_variables
from notorious.networks.torch_archive import HostileArchive, read_tensors

# -- protobuf ----------------------------------------------------------------------------------------------------------


def test_a_number_is_written_as_in_the_specification() -> None:
    assert number(1, 150) == bytes.fromhex("089601")


def test_a_string_is_written_as_in_the_specification() -> None:
    assert block(2, "testing") == bytes.fromhex("120774657374696e67")


def test_a_negative_number_takes_ten_bytes() -> None:
    assert varint(-2) == bytes.fromhex("feffffffffffffffff01")


def test_what_was_written_is_read_again() -> None:
    message = number(1, 300) + block(2, b"ab") + numbers(3, [1, 2])
    assert list(fields(message)) == [(1, 300), (2, b"ab"), (3, 1), (3, 2)]


@pytest.mark.parametrize("data", [b"\x80", b"\xff" * 11, b"\x12\x05abc", b"\x0d\x01", b"\x0b"])
def test_a_broken_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"protobuf|varint"):
        list(fields(data))


def test_a_varint_says_where_it_ends() -> None:
    assert read_varint(b"\x00\x96\x01\x07", 1) == (150, 3)


# -- PyTorch -----------------------------------------------------------------------------------------------------------


class Described:
    """Pickles as whatever is called with whatever: what an attacker writes, and what torch.save writes too."""

    def __init__(self, module: str, name: str, *arguments: object) -> None:
        self.named = (module, name)
        self.arguments = arguments


class Storage:
    def __init__(self, key: str, count: int) -> None:
        self.key, self.count = key, count


class Written(pickle._Pickler):  # type: ignore[name-defined]
    """Writes names of modules that are not here."""

    def persistent_id(self, value: object) -> object:
        if isinstance(value, Storage):
            return ("storage", Described("torch", "FloatStorage"), value.key, "cpu", value.count)
        return None

    def save(self, value: object, save_persistent_id: bool = True) -> None:
        if isinstance(value, Described):
            self.write(b"c" + "\n".join((*value.named, "")).encode())
            if value.arguments:
                super().save(value.arguments)
                self.write(b"R")
            return
        super().save(value, save_persistent_id)


def archive_of(content: object, storages: dict[str, np.ndarray]) -> bytes:
    described, file = io.BytesIO(), io.BytesIO()
    Written(described, protocol=2).dump(content)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", described.getvalue())
        for key, values in storages.items():
            archive.writestr(f"archive/data/{key}", values.astype("<f4").tobytes())
    return file.getvalue()


def tensor(key: str, count: int, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Described:
    return Described("torch._utils", "_rebuild_tensor_v2", Storage(key, count), offset, shape, strides, False, None)


def test_tensors_are_read_with_offset_and_strides() -> None:
    content = OrderedDict(a=tensor("0", 6, 0, (2, 3), (3, 1)), b=tensor("0", 6, 1, (2, 2), (1, 3)))
    found = read_tensors(archive_of(content, {"0": np.arange(6)}))
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["b"].tolist() == [[1, 4], [2, 5]]


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("builtins", "eval"), ("builtins", "getattr"), ("torch", "load"), ("numpy", "fromfile")],
)
def test_a_pickle_that_calls_anything_is_refused_and_does_not_run(module: str, name: str, tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    hostile = OrderedDict(a=Described(module, name, f"touch {witness}"))
    with pytest.raises(HostileArchive, match=rf"{module}\.{name}"):
        read_tensors(archive_of(hostile, {}))
    assert not witness.exists()


def test_the_same_pickle_would_run_for_pythons_own_reader(tmp_path: Path) -> None:
    """What the test above refuses is a real attack."""
    witness = tmp_path / "ran"
    described = io.BytesIO()
    Written(described, protocol=2).dump([Described("os", "system", f"touch {witness}")])
    pickle.loads(described.getvalue())
    assert witness.exists()


@pytest.mark.parametrize(
    ("offset", "shape", "strides"), [(0, (7,), (1,)), (5, (2,), (1,)), (0, (2,), (-1,)), (-1, (1,), (1,))]
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(
    offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    content = OrderedDict(a=tensor("0", 6, offset, shape, strides))
    with pytest.raises(HostileArchive, match="beyond"):
        read_tensors(archive_of(content, {"0": np.arange(6)}))


def test_a_storage_whose_name_leads_elsewhere_is_refused() -> None:
    with pytest.raises(HostileArchive, match="storage"):
        read_tensors(archive_of(OrderedDict(a=tensor("../data.pkl", 6, 0, (6,), (1,))), {}))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", pickle.dumps({})])
def test_what_is_no_archive_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="no readable PyTorch archive"):
        read_tensors(data)


# -- TensorFlow --------------------------------------------------------------------------------------------------------


def table_of(entries: dict[bytes, bytes], *, compression: int = 0) -> bytes:
    """A LevelDB table with one block, whose keys share their beginnings."""
    data, before = b"", b""
    for key, value in sorted(entries.items()):
        shared = next(
            (at for at, (a, b) in enumerate(zip(before, key, strict=False)) if a != b), min(len(before), len(key))
        )
        data += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    data += struct.pack("<II", 0, 1)
    trailer = bytes([compression]) + b"\0\0\0\0"
    handle = varint(0) + varint(len(data))
    index = varint(0) + varint(1) + varint(len(handle)) + b"~" + handle + struct.pack("<II", 0, 1)
    footer = (varint(0) + varint(0) + varint(len(data) + 5) + varint(len(index))).ljust(40, b"\0")
    return data + trailer + index + b"\0" * 5 + footer + struct.pack("<Q", 0xDB4775248B80FB57)


def entry(shape: tuple[int, ...], offset: int, size: int, *, dtype: int = 1) -> bytes:
    sizes = b"".join(block(2, number(1, size)) for size in shape)
    return number(1, dtype) + block(2, sizes) + number(4, offset) + number(5, size)


NUMBERS = np.arange(7, dtype="<f4").tobytes()


def test_variables_are_read_by_name_and_shape() -> None:
    index = table_of(
        {
            b"": number(1, 1),
            b"conv/bias": entry((), 0, 4),
            b"conv/kernel": entry((2, 3), 4, 24),
            b"step": entry((), 0, 8, dtype=9),
        }
    )
    found = read_variables(index, NUMBERS)
    assert set(found) == {"conv/bias", "conv/kernel"}
    assert found["conv/bias"] == 0
    assert found["conv/kernel"].tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("index", "what"),
    [
        (b"", "no LevelDB table"),
        (table_of({b"a": entry((2,), 24, 8)}), "does not lie"),
        (table_of({b"a": entry((3,), 0, 8)}), "does not lie"),
        (table_of({b"a": entry((1,), 0, 4)}, compression=1), "compressed"),
        (table_of({b"a": entry((1,), 0, 4)})[20:], "cut off|varint|beyond"),
    ],
)
def test_a_broken_checkpoint_is_a_value_error(index: bytes, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        read_variables(index, NUMBERS)
