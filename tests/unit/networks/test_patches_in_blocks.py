"""musicnn is given the same patches however its signal comes; the network itself is played here."""

import numpy as np
import pytest

from notorious.networks import musicnn
from notorious.networks.musicnn import HOP, PATCH_FRAMES, Heard, hear, hear_blocks, log_mel

SHOWN = slice(0, PATCH_FRAMES * 96, 90)  # two hundred of the features


class Mirror:
    """A network that answers with what it was given, and says which it is in its first tag."""

    def __init__(self, name: str) -> None:
        self.tag = 0.25 if name == musicnn.MSD else 0.75

    def run(self, outputs: tuple[str, ...], *, mel: np.ndarray) -> list[np.ndarray]:
        assert outputs == ("tags", "emb")
        assert mel.shape == (1, PATCH_FRAMES, 96)
        return [np.full((1, 50), self.tag, np.float32), mel.reshape(1, -1)[:, SHOWN][:, :200]]


@pytest.fixture(autouse=True)
def _networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(musicnn, "session", lambda path: Mirror(path.name))


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.1, int(seconds * 16000)).astype(np.float32)


def frames_heard(heard: Heard) -> dict[str, list[int]]:
    return {
        name: np.rint(getattr(heard, name).start_seconds * 16000 / HOP).astype(int).tolist() for name in ("msd", "mtt")
    }


@pytest.mark.parametrize(
    ("seconds", "msd", "mtt"),
    [
        (1.0, [0], [0]),  # one patch only: both hear it
        (4.0, [0], [0]),  # a third of the second patch is there
        (4.6, [187], [0]),  # half of it
        (16.0, [187, 561], [0, 374, 748]),
    ],
)
def test_the_networks_take_turns_as_far_as_half_a_patch_is_there(
    seconds: float, msd: list[int], mtt: list[int]
) -> None:
    heard = hear(noise(seconds))
    assert frames_heard(heard) == {"msd": msd, "mtt": mtt}
    assert heard.msd.logits == pytest.approx(np.full((len(msd), 50), np.log(1 / 3)))
    assert heard.mtt.logits == pytest.approx(np.full((len(mtt), 50), np.log(3)))


@pytest.mark.parametrize("block", [1000, 4097, 50_000, 10**6])
@pytest.mark.parametrize("hop", [PATCH_FRAMES, 93, 375])
def test_each_patch_is_that_of_the_whole_signal(block: int, hop: int) -> None:
    signal = noise(13.3)
    heard = hear_blocks((signal[start : start + block] for start in range(0, len(signal), block)), patch_hop=hop)
    for network in ("msd", "mtt"):
        patches = getattr(heard, network)
        for first, embedding in zip(frames_heard(heard)[network], patches.embedding, strict=True):
            whole = log_mel(signal, first, PATCH_FRAMES).ravel()[SHOWN][:200]
            assert np.array_equal(embedding, whole)
