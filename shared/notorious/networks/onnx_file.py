"""Writing ONNX files: nodes and tensors put together into a graph, encoded as protobuf.

Field numbers: github.com/onnx/onnx, onnx/onnx.proto (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto,
ValueInfoProto). Only what our graphs need: float32 and int64 tensors, integer and string attributes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notorious.networks.protobuf import block, number, numbers

IR_VERSION = 8
OPSET = 17
_FLOAT, _INT64 = 1, 7
_ATTRIBUTE_INT, _ATTRIBUTE_STRING, _ATTRIBUTE_INTS = 2, 3, 7

Shape = tuple[int | str, ...]
"""Sizes; a word stands for one that the caller chooses."""


class Graph:
    """A graph under construction: `input`, `constant` and `node` return the names to go on with."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._count = 0

    def input(self, name: str, shape: Shape) -> str:
        """A float32 tensor that the caller gives."""
        self._inputs.append(_value_info(name, shape))
        return name

    def output(self, name: str, source: str, shape: Shape) -> None:
        """A float32 tensor that the caller gets."""
        self._nodes.append(_node("Identity", [source], [name], {}))
        self._outputs.append(_value_info(name, shape))

    def constant(self, value: NDArray[Any] | Sequence[int]) -> str:
        """A tensor of the graph itself: float32, or int64 where integers are given."""
        array = np.asarray(value)
        kind, dtype = (_INT64, "<i8") if array.dtype.kind == "i" else (_FLOAT, "<f4")
        name = self._fresh("w")
        self._tensors.append(
            numbers(1, array.shape)
            + number(2, kind)
            + block(8, name)
            + block(9, np.ascontiguousarray(array, dtype=dtype).tobytes())
        )
        return name

    def node(self, kind: str, *inputs: str, **attributes: int | str | Sequence[int]) -> str:
        """Apply an operator that yields one tensor. An empty name leaves an optional input out."""
        return self.nodes(kind, *inputs, outputs=1, **attributes)[0]

    def nodes(self, kind: str, *inputs: str, outputs: int, **attributes: int | str | Sequence[int]) -> list[str]:
        """Apply an operator that yields several."""
        names = [self._fresh("t") for _ in range(outputs)]
        self._nodes.append(_node(kind, inputs, names, attributes))
        return names

    def encode(self, *, notice: str) -> bytes:
        """The file's content; `notice` says where the numbers come from."""
        graph = (
            b"".join(block(1, node) for node in self._nodes)
            + block(2, self._name)
            + b"".join(block(5, tensor) for tensor in self._tensors)
            + block(10, notice)
            + b"".join(block(11, info) for info in self._inputs)
            + b"".join(block(12, info) for info in self._outputs)
        )
        opset = block(1, "") + number(2, OPSET)
        return number(1, IR_VERSION) + block(2, "notorious") + block(6, notice) + block(7, graph) + block(8, opset)

    def _fresh(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str], attributes: dict[str, Any]) -> bytes:
    return (
        b"".join(block(1, name) for name in inputs)
        + b"".join(block(2, name) for name in outputs)
        + block(4, kind)
        + b"".join(block(5, _attribute(name, value)) for name, value in attributes.items())
    )


def _attribute(name: str, value: int | str | Sequence[int]) -> bytes:
    if isinstance(value, str):
        return block(1, name) + block(4, value) + number(20, _ATTRIBUTE_STRING)
    if isinstance(value, int):
        return block(1, name) + number(3, value) + number(20, _ATTRIBUTE_INT)
    return block(1, name) + numbers(8, value) + number(20, _ATTRIBUTE_INTS)


def _value_info(name: str, shape: Shape) -> bytes:
    sizes = b"".join(block(1, block(2, size) if isinstance(size, str) else number(1, size)) for size in shape)
    tensor = number(1, _FLOAT) + block(2, sizes)
    return block(1, name) + block(2, block(1, tensor))
