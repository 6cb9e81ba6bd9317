"""Reading the variables of a TensorFlow checkpoint without TensorFlow.

A checkpoint is an index, which says of each variable where its numbers lie, and a file of numbers. The index is a
LevelDB table: blocks of sorted keys, each key stored without the letters that it shares with the one before, found
through an index block that the last 48 bytes point to; its values are protobuf messages (BundleEntryProto).
Source: github.com/google/leveldb, doc/table_format.md; tensorflow/core/protobuf/tensor_bundle.proto.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from notorious.networks.protobuf import Value, fields, read_varint

Array = NDArray[np.float32]

_FOOTER_BYTES = 48
_MAGIC = 0xDB4775248B80FB57
_TRAILER_BYTES = 5  # kind of compression, checksum
_FLOAT = 1
_DTYPE, _SHAPE, _SHARD, _OFFSET, _SIZE = 1, 2, 3, 4, 5
_DIMENSION, _DIMENSION_SIZE = 2, 1


def read_variables(index: bytes, data: bytes) -> dict[str, Array]:
    """The variables by name, float32; those of other types are passed over.

    index, data : contents of the files `.index` and `.data-00000-of-00001`
    Raises ValueError where one is broken, or written in a way that this reader does not know.
    """
    variables = {}
    for key, value in _entries(index):
        if not key:
            continue  # the header: number of shards, byte order
        entry: dict[int, Value] = dict(fields(value))
        if entry.get(_DTYPE) != _FLOAT:
            continue
        shape = _shape(entry.get(_SHAPE, b""))
        offset, size = _whole(entry.get(_OFFSET, 0)), _whole(entry.get(_SIZE, 0))
        if entry.get(_SHARD, 0) != 0 or size != 4 * int(np.prod(shape)) or offset + size > len(data):
            raise ValueError(f"the variable {key.decode(errors='replace')} does not lie in the checkpoint's data")
        variables[key.decode()] = np.frombuffer(data, "<f4", size // 4, offset).astype(np.float32).reshape(shape)
    return variables


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """All keys and values of a LevelDB table, in order."""
    footer = table[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or int.from_bytes(footer[-8:], "little") != _MAGIC:
        raise ValueError("the checkpoint's index is no LevelDB table")
    _, at = _handle(footer, 0)  # of the metaindex, which holds filters
    index, _ = _handle(footer, at)
    for _, place in _block(table, *index):
        (offset, size), _ = _handle(place, 0)
        yield from _block(table, offset, size)


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return (offset, size), at


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    content = table[offset : offset + size]
    if len(content) < size or size < 4 or offset + size + _TRAILER_BYTES > len(table):
        raise ValueError("the checkpoint's index is cut off")
    if table[offset + size] != 0:
        raise ValueError("the checkpoint's index is compressed, which this reader does not know")
    restarts = int.from_bytes(content[-4:], "little")
    end = size - 4 - 4 * restarts
    key, at = b"", 0
    while at < end:
        shared, at = read_varint(content, at)
        fresh, at = read_varint(content, at)
        length, at = read_varint(content, at)
        if shared > len(key) or at + fresh + length > end:
            raise ValueError("an entry of the checkpoint's index reaches beyond its block")
        key = key[:shared] + content[at : at + fresh]
        at += fresh
        yield key, content[at : at + length]
        at += length


def _shape(message: Value) -> tuple[int, ...]:
    if not isinstance(message, bytes):
        raise ValueError("a variable's shape is not a message")
    sizes = []
    for field, dimension in fields(message):
        if field == _DIMENSION and isinstance(dimension, bytes):
            sizes.append(_whole(dict(fields(dimension)).get(_DIMENSION_SIZE, 0)))
    return tuple(sizes)


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise ValueError("a number of the checkpoint's index is not a number")
    return value
