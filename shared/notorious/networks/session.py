"""Running a network: one onnxruntime session a file and process, on one thread.

One thread, since files are heard in parallel: a second thread inside a network would only get in the way of the next
file.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notorious.errors import NetworkError

Array = NDArray[np.float32]


class Session:
    """A network that is ready to run."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors come as exceptions; warnings are about the graph, not about the music
        try:
            self._session: Any = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's exceptions have no base class of their own
            raise NetworkError(
                f"the network {path} cannot be loaded ({error}); run `notorious models install`"
            ) from error

    def run(self, outputs: tuple[str, ...], **inputs: Array) -> list[Array]:
        """The named outputs for the named inputs."""
        found: list[Array] = self._session.run(list(outputs), inputs)
        return found


@lru_cache(maxsize=16)
def session(path: Path) -> Session:
    """The session of a network file, opened at the first need."""
    return Session(path)
