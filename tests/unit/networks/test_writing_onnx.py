"""What we write is ONNX: the runtime reads it and computes what the arithmetic says."""

from pathlib import Path

import numpy as np
import pytest

from notorious.errors import NetworkError
from notorious.networks import graphs
from notorious.networks.onnx_file import Graph
from notorious.networks.session import Session

DRAW = np.random.default_rng(7)


def session_of(content: bytes, tmp_path: Path) -> Session:
    path = tmp_path / "network.onnx"
    path.write_bytes(content)
    return Session(path)


def test_a_graph_computes_what_it_says(tmp_path: Path) -> None:
    graph = Graph("product")
    x = graph.input("x", ("N", 2))
    y = graph.node("MatMul", x, graph.constant(np.array([[1.0, 2.0], [3.0, 4.0]])))
    graph.output(
        "y", graph.node("Squeeze", graph.node("Unsqueeze", y, graph.constant([1])), graph.constant([1])), ("N", 2)
    )
    (found,) = session_of(graph.encode(notice="none"), tmp_path).run(("y",), x=np.array([[1, 1], [0, 2]], np.float32))
    assert found.tolist() == [[4, 6], [6, 8]]


def test_the_notice_lies_in_the_file() -> None:
    graph = Graph("nothing")
    graph.output("y", graph.input("x", (1,)), (1,))
    assert b"by Somebody, CC BY 4.0" in graph.encode(notice="by Somebody, CC BY 4.0")


def test_a_file_that_is_no_network_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="notorious models install"):
        session_of(b"nonsense", tmp_path)


def beatnet_tensors() -> dict[str, np.ndarray]:
    shapes = {
        "conv1.weight": (2, 1, 10), "conv1.bias": (2,), "linear0.weight": (150, 262), "linear0.bias": (150,),
        "linear.weight": (3, 150), "linear.bias": (3,),
    }  # fmt: skip
    for layer in (0, 1):
        for which in ("ih", "hh"):
            shapes[f"lstm.weight_{which}_l{layer}"] = (600, 150)
            shapes[f"lstm.bias_{which}_l{layer}"] = (600,)
    return {name: (0.3 * DRAW.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def beatnet_by_hand(t: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The layers as the paper has them, frame by frame; gates in PyTorch's order (input, forget, cell, output)."""
    h, c = np.zeros((2, 150)), np.zeros((2, 150))
    found = []
    for row in x:
        conv = [np.convolve(row, t["conv1.weight"][k, 0, ::-1], "valid") + t["conv1.bias"][k] for k in (0, 1)]
        pooled = np.maximum(conv, 0)[:, :262].reshape(2, 131, 2).max(axis=2)
        signal = t["linear0.weight"] @ pooled.ravel() + t["linear0.bias"]
        for layer in (0, 1):
            gates = sum(
                t[f"lstm.weight_{which}_l{layer}"] @ value + t[f"lstm.bias_{which}_l{layer}"]
                for which, value in (("ih", signal), ("hh", h[layer]))
            )
            i, f, g, o = np.split(gates, 4)
            c[layer] = sigmoid(f) * c[layer] + sigmoid(i) * np.tanh(g)
            h[layer] = signal = sigmoid(o) * np.tanh(c[layer])
        scores = t["linear.weight"] @ signal + t["linear.bias"]
        found.append(np.exp(scores) / np.exp(scores).sum())
    return np.array(found)


def test_the_graph_of_beatnet_is_its_layers(tmp_path: Path) -> None:
    tensors = beatnet_tensors()
    x = DRAW.random((6, 272), dtype=np.float32)
    state = np.zeros((2, 1, 150), np.float32)
    (p,) = session_of(graphs.beatnet(tensors, notice=""), tmp_path).run(("p",), x=x, h=state, c=state)
    assert p == pytest.approx(beatnet_by_hand(tensors, x), abs=1e-5)


def test_beatnet_goes_on_from_its_state(tmp_path: Path) -> None:
    network = session_of(graphs.beatnet(beatnet_tensors(), notice=""), tmp_path)
    x = DRAW.random((9, 272), dtype=np.float32)
    state = np.zeros((2, 1, 150), np.float32)
    (whole,) = network.run(("p",), x=x, h=state, c=state)
    first, h, c = network.run(("p", "h1", "c1"), x=x[:4], h=state, c=state)
    (second,) = network.run(("p",), x=x[4:], h=h, c=c)
    assert np.concatenate([first, second]) == pytest.approx(whole, abs=1e-6)


def musicnn_tensors() -> dict[str, np.ndarray]:
    kernels = [(7, 38, 1, 204), (7, 67, 1, 204), (128, 1, 1, 51), (64, 1, 1, 51), (32, 1, 1, 51), (7, 561, 1, 64)]
    kernels += [(7, 64, 1, 64)] * 2
    tensors = {}
    for layer, shape in enumerate(kernels):
        name = f"conv2d_{layer}" if layer else "conv2d"
        tensors[f"{name}/kernel"] = DRAW.standard_normal(shape) / np.sqrt(np.prod(shape[:3]))
        tensors[f"{name}/bias"] = 0.1 * DRAW.standard_normal(shape[3])
    for layer, channels in enumerate((1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200)):
        name = f"batch_normalization_{layer}" if layer else "batch_normalization"
        tensors[f"{name}/gamma"] = DRAW.standard_normal(channels)  # negative ones too
        tensors[f"{name}/beta"], tensors[f"{name}/moving_mean"] = 0.2 * DRAW.standard_normal((2, channels))
        tensors[f"{name}/moving_variance"] = 0.5 + DRAW.random(channels)
    tensors["dense/kernel"], tensors["dense/bias"] = DRAW.standard_normal((1506, 200)) / 40, DRAW.standard_normal(200)
    tensors["dense_1/kernel"], tensors["dense_1/bias"] = DRAW.standard_normal((200, 50)) / 15, DRAW.standard_normal(50)
    return {name: np.asarray(value, np.float32) for name, value in tensors.items()}


def musicnn_by_hand(t: dict[str, np.ndarray], mel: np.ndarray) -> dict[str, np.ndarray]:
    """The layers as the paper has them: normalisation after ReLU, maximum over frequency after both."""

    def normal(x: np.ndarray, number: int) -> np.ndarray:
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        gamma, beta, mean, var = (t[f"{name}/{p}"] for p in ("gamma", "beta", "moving_mean", "moving_variance"))
        return (x - mean) / np.sqrt(var + 1e-3) * gamma + beta

    def conv(x: np.ndarray, layer: int) -> np.ndarray:
        kernel = t[f"conv2d_{layer}/kernel" if layer else "conv2d/kernel"][:, :, 0]
        bias = t[f"conv2d_{layer}/bias" if layer else "conv2d/bias"]
        long, tall, _ = kernel.shape
        padded = np.pad(x, (((long - 1) // 2, long // 2), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (long, tall))
        return normal(np.maximum(np.tensordot(windows, kernel, axes=([2, 3], [0, 1])) + bias, 0), layer + 1)

    image = normal(mel[:, :, None], 0)[:, :, 0]
    front = np.concatenate([conv(image, layer).max(axis=1) for layer in range(5)], axis=1)
    first = conv(front, 5)[:, 0]
    second = conv(first, 6)[:, 0] + first
    third = conv(second, 7)[:, 0] + second
    dense = np.concatenate([front, first, second, third], axis=1)
    pooled = normal(np.stack([dense.max(axis=0), dense.mean(axis=0)], axis=1).ravel(), 9)
    emb = normal(np.maximum(pooled @ t["dense/kernel"] + t["dense/bias"], 0), 10)
    tags = sigmoid(emb @ t["dense_1/kernel"] + t["dense_1/bias"])
    return {"tags": tags, "emb": emb, "meanpool": dense.mean(axis=0)}


@pytest.mark.parametrize("at_zero", [0.0, 0.7, 1.0])
def test_the_graph_of_musicnn_is_its_layers(at_zero: float, tmp_path: Path) -> None:
    """Filters that training has left at zero say what their bias says; they are not computed, nor kept."""
    tensors = musicnn_tensors()
    for name in [name for name in tensors if name.startswith("conv2d") and name.endswith("kernel")]:
        asleep = DRAW.random(tensors[name].shape[3]) < at_zero
        tensors[name][..., asleep] *= 1e-12
    mel = DRAW.random((187, 96), dtype=np.float32)
    expected = musicnn_by_hand(tensors, mel)
    file = graphs.musicnn(tensors, notice="")
    found = session_of(file, tmp_path).run(tuple(expected), mel=mel[None])
    for name, value in zip(expected, found, strict=True):
        assert value[0] == pytest.approx(expected[name], rel=1e-4, abs=1e-4), name
    convolutions = sum(tensor.nbytes for name, tensor in tensors.items() if name.startswith("conv2d"))
    rest = sum(tensor.nbytes for tensor in tensors.values()) - convolutions
    assert len(file) < rest + 1.2 * (1 - at_zero) * convolutions + 400_000


def test_a_tensor_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"linear\.weight has the shape"):
        graphs.beatnet({**beatnet_tensors(), "linear.weight": np.zeros((2, 150), np.float32)}, notice="")
