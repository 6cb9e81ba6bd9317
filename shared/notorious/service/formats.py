"""What formats a mix can be had in, and how long it may be for them."""

from collections.abc import Iterable
from typing import Final

from notorious.errors import InputError

LONGEST_MP3_SECONDS: Final = 2 * 3600
"""A format is encoded within one call of `export`, which may take fifteen minutes. LAME's best takes a 24th of the
mix's length on the machine of `make bench`, and is taken to need twice that on Lambda: ten minutes for two hours."""


def check_formats(formats: Iterable[str], seconds: float | None = None) -> None:
    """Whether a mix of this length (None: not known yet) can be had in these formats. Raises InputError."""
    import importlib.util

    for name in formats:
        if name == "m4a" and importlib.util.find_spec("av") is None:
            raise InputError("m4a cannot be written by this deployment, which has no PyAV; choose another format")
        if name == "mp3" and seconds is not None and seconds > LONGEST_MP3_SECONDS:
            raise InputError(
                f"a mix of {seconds / 60:.0f} minutes takes longer to encode as MP3 than a step may run; ask for at "
                f"most {LONGEST_MP3_SECONDS / 60:.0f} minutes, or for FLAC, OGG or Opus"
            )
