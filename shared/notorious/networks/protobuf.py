"""Just enough of the protobuf wire format to write ONNX and to read the index of a TensorFlow checkpoint.

A message is a sequence of fields; a field is a key (number and kind) and a value: a varint, four or eight bytes, or
bytes with their length before them (strings, packed numbers, messages inside messages).
Source: protobuf.dev/programming-guides/encoding.
"""

import struct
from collections.abc import Iterable, Iterator

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10

Value = int | bytes


def varint(value: int) -> bytes:
    """A number in groups of seven bits, the lowest first; negative ones as 64-bit two's complement."""
    value &= (1 << 64) - 1
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def number(field: int, value: int) -> bytes:
    """A field that holds an integer."""
    return varint(field << 3 | _VARINT) + varint(value)


def real(field: int, value: float) -> bytes:
    """A field that holds a 32-bit float."""
    return varint(field << 3 | _FOUR_BYTES) + struct.pack("<f", value)


def block(field: int, value: bytes | str) -> bytes:
    """A field that holds bytes, a string or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | _LENGTH) + varint(len(data)) + data


def numbers(field: int, values: Iterable[int]) -> bytes:
    """A repeated field of integers, one after the other (not packed; every reader takes both)."""
    return b"".join(number(field, value) for value in values)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The varint at a place, and the place after it. Raises ValueError where it is cut off or too long."""
    value = 0
    for count, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, at + count + 1
    raise ValueError("a varint is cut off or too long")


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message, in their order: number, and value (an int, or bytes). Raises ValueError where it ends in
    the middle of one, or holds a kind that nobody writes any more."""
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = read_varint(data, at)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            length, at = read_varint(data, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"a protobuf field is of the unknown kind {kind}")
        if at + length > len(data):
            raise ValueError("a protobuf message is cut off")
        content = data[at : at + length]
        yield key >> 3, content if kind == _LENGTH else int.from_bytes(content, "little")
        at += length
