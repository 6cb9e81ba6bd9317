"""Loudspeaker layouts: which channel is which, and how many become two or one.

Conventions: a layout is a tuple of positions in the order of the channels. `L R C` are the front, `LFE` the
low-frequency effects, `Ls Rs` the surrounds, `Lb Rb` the backs, `Cb` the back centre.

Sources: ITU-R BS.775-3, Annex 4, Table 2 (downmix of 3/2 to 2/0: `L + 0.7071 C + 0.7071 Ls`; the LFE is left out);
Vorbis I specification, section 4.3.9, which Opus takes over (RFC 7845, 5.1.1.2); FLAC (RFC 9639, 9.1.3), whose order is
that of WAVE_FORMAT_EXTENSIBLE.
"""

import numpy as np
from numpy.typing import NDArray

Layout = tuple[str, ...]

MAX_CHANNELS = 8
HALF_POWER = float(np.sqrt(0.5))

WAVE_ORDER: dict[int, Layout] = {
    1: ("C",),
    2: ("L", "R"),
    3: ("L", "R", "C"),
    4: ("L", "R", "Ls", "Rs"),
    5: ("L", "R", "C", "Ls", "Rs"),
    6: ("L", "R", "C", "LFE", "Ls", "Rs"),
    7: ("L", "R", "C", "LFE", "Cb", "Ls", "Rs"),
    8: ("L", "R", "C", "LFE", "Lb", "Rb", "Ls", "Rs"),
}
VORBIS_ORDER: dict[int, Layout] = {
    1: ("C",),
    2: ("L", "R"),
    3: ("L", "C", "R"),
    4: ("L", "R", "Ls", "Rs"),
    5: ("L", "C", "R", "Ls", "Rs"),
    6: ("L", "C", "R", "Ls", "Rs", "LFE"),
    7: ("L", "C", "R", "Ls", "Rs", "Cb", "LFE"),
    8: ("L", "C", "R", "Ls", "Rs", "Lb", "Rb", "LFE"),
}

# What one loudspeaker gives to the left and the right of a stereo pair.
_TO_STEREO: dict[str, tuple[float, float]] = {
    "L": (1.0, 0.0),
    "R": (0.0, 1.0),
    "C": (HALF_POWER, HALF_POWER),
    "LFE": (0.0, 0.0),
    "Ls": (HALF_POWER, 0.0),
    "Rs": (0.0, HALF_POWER),
    "Lb": (HALF_POWER, 0.0),
    "Rb": (0.0, HALF_POWER),
    "Cb": (0.5, 0.5),  # half power to each surround, and half of that on to the front
}


def mix_matrix(layout: Layout, channels: int) -> NDArray[np.float32] | None:
    """The matrix that takes a layout to one or two channels, or None where nothing is to be done.

    Args:
        layout: positions of the channels that come in.
        channels: how many shall go out: 1, 2, or as many as come in.

    Returns:
        Matrix [shape=(len(layout), channels)], to be multiplied from the right; None when the channels stay.
        Mono goes to both sides unchanged; stereo goes to mono as the mean of both; more channels go by BS.775 without
        rescaling, so that the sum of loud channels may exceed full scale (nothing clips: samples are float).

    Raises:
        ValueError: for any other number of channels.
    """
    if channels == len(layout):
        return None
    if channels not in (1, 2):
        raise ValueError(f"{len(layout)} channels can be mixed to 1 or 2 channels, not to {channels}")
    if len(layout) == 1:
        return np.ones((1, 2), np.float32)
    stereo = np.array([_TO_STEREO[position] for position in layout], np.float32)
    if channels == 2:
        return stereo
    return np.asarray(stereo.mean(axis=1, keepdims=True), np.float32)


def mix_channels(block: NDArray[np.float32], matrix: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Apply a `mix_matrix` to a block [shape=(frames, channels)], float32.

    The sums are written out channel by channel rather than as a matrix product, whose order of adding (and so its last
    bit) may depend on the length of the block.
    """
    if matrix is None:
        return block
    mixed = np.zeros((len(block), matrix.shape[1]), np.float32)
    for target in range(matrix.shape[1]):
        for source in range(matrix.shape[0]):
            weight = matrix[source, target]
            if weight == 1:
                mixed[:, target] += block[:, source]
            elif weight != 0:
                mixed[:, target] += weight * block[:, source]
    return mixed
