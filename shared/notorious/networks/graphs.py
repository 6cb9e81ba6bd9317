"""The graphs of the networks, built around their authors' numbers.

Shapes and order of the layers: the two papers that `beatnet` and `musicnn` name. Where a layer is written otherwise
than there it computes the same; equality with independent conversions is tested.
"""

import numpy as np
from numpy.typing import NDArray

from notorious.networks.onnx_file import Graph

Array = NDArray[np.float32]
Tensors = dict[str, Array]

_CELLS = 150
_BATCH_NORM_EPSILON = 1e-3
_BANDS = 96
_TIMBRAL, _TEMPORAL = (0, 1), (2, 3, 4)
_BLOCK = 16
_LEAST_REACH = 1e-6
"""A filter whose output is changed by less than this where all of its input is 1 is taken for one of zeros. Features
reach 6 after their normalisation, and what the networks say is compared to 1e-5."""


def beatnet(tensors: Tensors, *, notice: str) -> bytes:
    """The file of one BeatNet: x [T, 272], h, c [2, 1, 150] -> p [T, 3], h1, c1.

    Raises KeyError where a tensor is missing, ValueError where one has another shape than it should.
    """
    graph = Graph("beatnet")
    x = graph.input("x", ("T", 272))
    states = [graph.input(name, (2, 1, _CELLS)) for name in ("h", "c")]
    h, c = (graph.nodes("Split", state, outputs=2, axis=0) for state in states)

    rows = graph.node("Unsqueeze", x, graph.constant([1]))
    conv = graph.node("Conv", rows, _weight(graph, tensors, "conv1.weight", (2, 1, 10)), _bias(graph, tensors, "conv1"))
    pooled = graph.node("MaxPool", graph.node("Relu", conv), kernel_shape=[2], strides=[2])
    flat = graph.node("Flatten", pooled, axis=1)
    signal = graph.node("Unsqueeze", _linear(graph, tensors, "linear0", flat, (150, 262)), graph.constant([1]))
    last: list[tuple[str, str]] = []
    for layer in (0, 1):
        inputs = (
            graph.constant(_gates(_of_shape(tensors, f"lstm.weight_ih_l{layer}", (4 * _CELLS, _CELLS)))[None]),
            graph.constant(_gates(_of_shape(tensors, f"lstm.weight_hh_l{layer}", (4 * _CELLS, _CELLS)))[None]),
            graph.constant(_lstm_bias(tensors, layer)),
        )
        y, h1, c1 = graph.nodes("LSTM", signal, *inputs, "", h[layer], c[layer], outputs=3, hidden_size=_CELLS)
        signal = graph.node("Squeeze", y, graph.constant([1]))
        last.append((h1, c1))
    scores = _linear(graph, tensors, "linear", graph.node("Squeeze", signal, graph.constant([1])), (3, _CELLS))
    graph.output("p", graph.node("Softmax", scores, axis=1), ("T", 3))
    graph.output("h1", graph.node("Concat", last[0][0], last[1][0], axis=0), (2, 1, _CELLS))
    graph.output("c1", graph.node("Concat", last[0][1], last[1][1], axis=0), (2, 1, _CELLS))
    return graph.encode(notice=notice)


def _linear(graph: Graph, tensors: Tensors, name: str, source: str, shape: tuple[int, int]) -> str:
    weight = _weight(graph, tensors, f"{name}.weight", shape)
    return graph.node("Gemm", source, weight, _bias(graph, tensors, name), transB=1)


def _weight(graph: Graph, tensors: Tensors, name: str, shape: tuple[int, ...]) -> str:
    return graph.constant(_of_shape(tensors, name, shape))


def _bias(graph: Graph, tensors: Tensors, name: str) -> str:
    return graph.constant(tensors[f"{name}.bias"])


def _of_shape(tensors: Tensors, name: str, shape: tuple[int, ...]) -> Array:
    tensor = tensors[name]
    if tensor.shape != shape:
        raise ValueError(f"{name} has the shape {tensor.shape}, not {shape}")
    return tensor


def _gates(rows: Array) -> Array:
    """PyTorch keeps the gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    i, f, g, o = np.split(rows, 4)
    return np.concatenate([i, o, f, g])


def _lstm_bias(tensors: Tensors, layer: int) -> Array:
    return np.concatenate([_gates(tensors[f"lstm.bias_{which}_l{layer}"]) for which in ("ih", "hh")])[None]


def musicnn(tensors: Tensors, *, notice: str) -> bytes:
    """The file of one musicnn: mel [B, 187, 96] -> tags [B, 50], emb [B, 200], meanpool [B, 753].

    Raises KeyError where a tensor is missing, ValueError where one has another shape than it should.
    """
    graph = Graph("musicnn")
    mel = graph.input("mel", ("B", 187, 96))
    scale, shift = _batch_norm(tensors, 0)
    level = graph.node("Add", graph.node("Mul", mel, graph.constant(scale)), graph.constant(shift))
    image = graph.node("Unsqueeze", level, graph.constant([1]))
    front = [_tallest(graph, tensors, layer, image) for layer in (*_TIMBRAL, *_TEMPORAL)]
    seen = graph.node("Concat", *front, axis=1)  # [B, 561, 187]

    first = _along_time(graph, tensors, 5, seen)
    second = graph.node("Add", _along_time(graph, tensors, 6, first), first)
    third = graph.node("Add", _along_time(graph, tensors, 7, second), second)
    dense = graph.node("Concat", seen, first, second, third, axis=1)  # [B, 753, 187]

    highest = graph.node("ReduceMax", dense, axes=[2], keepdims=0)
    mean = graph.node("ReduceMean", dense, axes=[2], keepdims=0)
    graph.output("meanpool", mean, ("B", 753))
    # The dense layer takes the maximum and the mean of each channel in turn.
    pair = graph.constant([2])
    pooled = graph.node(
        "Flatten",
        graph.node("Concat", graph.node("Unsqueeze", highest, pair), graph.node("Unsqueeze", mean, pair), axis=2),
        axis=1,
    )
    # Not folded into the layer: a product summed by another BLAS would give a file of another hash.
    normal = _affine(graph, pooled, *_batch_norm(tensors, 9))
    weight = _of_shape(tensors, "dense/kernel", (1506, 200))
    hidden = graph.node("Gemm", normal, graph.constant(weight), graph.constant(tensors["dense/bias"]))
    scale, shift = _batch_norm(tensors, 10)
    embedding = _affine(graph, graph.node("Relu", hidden), scale, shift)
    graph.output("emb", embedding, ("B", 200))
    weight = _of_shape(tensors, "dense_1/kernel", (200, 50))
    scores = graph.node("Gemm", embedding, graph.constant(weight), graph.constant(tensors["dense_1/bias"]))
    graph.output("tags", graph.node("Sigmoid", scores), ("B", 50))
    return graph.encode(notice=notice)


def _tallest(graph: Graph, tensors: Tensors, layer: int, image: str) -> str:
    """A layer of the front end [B, filters, 187]: convolution, ReLU, normalisation, maximum over frequency.

    The maximum is taken first, which is the same where the normalisation rises; where it falls (a negative scale) the
    largest of the negated values is taken.
    """
    kernel, bias = tensors[f"{_numbered('conv2d', layer)}/kernel"], tensors[f"{_numbered('conv2d', layer)}/bias"]
    scale, shift = _batch_norm(tensors, layer + 1)
    sign = np.where(scale < 0, -1, 1).astype(np.float32)
    weight, places = _in_use(np.transpose(kernel, (3, 2, 0, 1)) * sign[:, None, None, None], scale)
    long = kernel.shape[0]
    conv = graph.node("Conv", image, graph.constant(weight), pads=[(long - 1) // 2, 0, long // 2, 0])
    column = graph.node("MaxPool", conv, kernel_shape=[1, _BANDS - kernel.shape[1] + 1])
    highest = graph.node("Gather", graph.node("Squeeze", column, graph.constant([3])), graph.constant(places), axis=1)
    level = _affine(graph, highest, sign[:, None], bias[:, None])
    return _affine(graph, graph.node("Relu", level), scale[:, None], shift[:, None])


def _along_time(graph: Graph, tensors: Tensors, layer: int, signal: str) -> str:
    """A layer of the middle [B, 64, 187]: convolution over seven frames and all channels, ReLU, normalisation."""
    name = _numbered("conv2d", layer)
    scale, shift = _batch_norm(tensors, layer + 1)
    weight, places = _in_use(np.transpose(tensors[f"{name}/kernel"][:, :, 0], (2, 1, 0)), scale)
    conv = graph.node("Conv", signal, graph.constant(weight), pads=[3, 3])
    level = graph.node("Gather", conv, graph.constant(places), axis=1)
    biased = graph.node("Add", level, graph.constant(tensors[f"{name}/bias"][:, None]))
    return _affine(graph, graph.node("Relu", biased), scale[:, None], shift[:, None])


def _in_use(weight: Array, scale: Array) -> tuple[Array, NDArray[np.int64]]:
    """The filters [shape=(kept, ...)] of a layer [shape=(filters, ...)] that do anything, and where the output of each
    filter is found among theirs [shape=(filters,)].

    Training has left most filters of musicnn at zero (weights of 1e-10 and less); one filter of zeros stands for all of
    these. More fill the last block of sixteen, in which the runtime keeps channels: it need not sort them anew.

    scale : what the output of each filter is multiplied by [shape=(filters,)]
    """
    reach = np.abs(weight, dtype=np.float64).reshape(len(weight), -1).sum(axis=1) * np.abs(scale)
    used = np.flatnonzero(reach > _LEAST_REACH)
    places = np.full(len(weight), len(used), dtype=np.int64)
    places[used] = np.arange(len(used))
    kept = len(used) + (len(used) < len(weight))
    zeros = np.zeros((kept + -kept % _BLOCK - len(used), *weight.shape[1:]), np.float32)
    return np.concatenate([weight[used], zeros]), places


def _affine(graph: Graph, source: str, scale: Array, shift: Array) -> str:
    return graph.node("Add", graph.node("Mul", source, graph.constant(scale)), graph.constant(shift))


def _batch_norm(tensors: Tensors, number: int) -> tuple[Array, Array]:
    """Scale and shift that a batch normalisation amounts to once it has been trained."""
    name = _numbered("batch_normalization", number)
    gamma, beta, mean, variance = (
        tensors[f"{name}/{part}"].astype(np.float64) for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = gamma / np.sqrt(variance + _BATCH_NORM_EPSILON)
    return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name
