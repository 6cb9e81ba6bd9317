"""The sound that analysers hear: mono samples, in memory, or on the disk where a track is long.

Analysers read it slice by slice from its beginning to its end, so an hour need not lie in memory: it would be 318 MB,
more than all that is made of it.
"""

import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

IN_MEMORY_SAMPLES = 15 * 60 * 22050
"""What is longer than a quarter of an hour goes to the disk: 79 MB."""
_GROWTH_SAMPLES = 1 << 22
_BYTES = 4


class SamplesOnDisk:
    """Float32 samples [shape=(n,)] in a temporary file without a name, which goes when nobody refers to it any more.

    `samples[a:b]` reads a slice, as an array of its own. Raises OSError where the file cannot be made, written or read.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="notorious-", buffering=0)  # noqa: SIM115  it lives as long as this
        weakref.finalize(self, self._file.close)
        self._count = 0

    def append(self, block: NDArray[np.float32]) -> None:
        data = np.ascontiguousarray(block, np.float32).data.cast("B")
        while len(data):
            data = data[self._file.write(data) :]
        self._count += len(block)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> NDArray[np.float32]:
        start, stop, step = part.indices(self._count)
        if step != 1:
            raise ValueError("samples on the disk are read forwards, one after the other")
        found = np.empty(max(0, stop - start), np.float32)
        into, at = found.data.cast("B"), start * _BYTES
        while len(into):
            read = os.preadv(self._file.fileno(), [into], at)
            if not read:
                raise OSError(f"the temporary file of a long track ends at byte {at}")
            into, at = into[read:], at + read
        return found

    def __iter__(self) -> Iterator[float]:
        raise TypeError("samples on the disk are read in slices")


Mono: TypeAlias = "NDArray[np.float32] | SamplesOnDisk"
"""Mono samples [shape=(n,)], float32: `len` and slices are all that analysers use of them."""


class Growing:
    """Samples that come block by block, kept once: joining a list of blocks would hold all of them twice."""

    def __init__(self) -> None:
        self._room = np.empty(_GROWTH_SAMPLES, np.float32)
        self._used = 0
        self._on_disk: SamplesOnDisk | None = None
        self._may_spill = True

    def append(self, block: NDArray[np.float32]) -> None:
        if self._on_disk is not None:
            self._on_disk.append(block)
            return
        end = self._used + len(block)
        if end > IN_MEMORY_SAMPLES and self._may_spill:
            # Where there is no room for it, memory has to do.
            with suppress(OSError):
                self._spill(block)
                return
            self._may_spill = False
        if end > len(self._room):
            # The allocator moves pages here, not samples; nobody else refers to them.
            self._room.resize(max(end, len(self._room) + _GROWTH_SAMPLES), refcheck=False)
        self._room[self._used : end] = block
        self._used = end

    def whole(self) -> Mono:
        """All that came. Nothing can be appended afterwards."""
        if self._on_disk is not None:
            return self._on_disk
        self._room.resize(self._used, refcheck=False)
        return self._room

    def _spill(self, block: NDArray[np.float32]) -> None:
        on_disk = SamplesOnDisk()
        on_disk.append(self._room[: self._used])
        on_disk.append(block)
        self._on_disk = on_disk
        self._room = np.empty(0, np.float32)
