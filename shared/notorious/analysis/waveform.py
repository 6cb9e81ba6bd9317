"""The picture of a track: how loud it is in three bands, small enough for a web page."""

import base64

import numpy as np

from notorious.analysis.model import Waveform
from notorious.analysis.spectrum import Spectra

NAME = "waveform"
VERSION = 1

_FRAMES_A_ROW = 4  # four hops of 23 ms: eleven rows a second, a pixel each in a four-minute track on a wide screen


def draw_waveform(spectra: Spectra) -> Waveform:
    """Three bands of a track as bytes: the amplitude of the loudest frame in each row; 255 is a full-scale sine."""
    rows = -(-len(spectra.display) // _FRAMES_A_ROW)
    padded = np.zeros((rows * _FRAMES_A_ROW, 3), np.float32)
    padded[: len(spectra.display)] = spectra.display
    amplitude = np.sqrt(2 * padded.reshape(rows, _FRAMES_A_ROW, 3).max(axis=1))
    data = np.clip(np.rint(amplitude * 255), 0, 255).astype(np.uint8)
    return Waveform(
        hop_seconds=spectra.hop_seconds * _FRAMES_A_ROW,
        data=base64.b64encode(data.tobytes()).decode("ascii"),
    )
