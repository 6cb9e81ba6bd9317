"""Networks: what they are, where they lie, how they are run. Without them everything works by signal processing."""

from notorious.networks.catalogue import (
    BEATNET,
    FAMILIES,
    MUSICNN,
    Family,
    can_run,
    folder,
    installed,
    missing_files,
)

__all__ = ["BEATNET", "FAMILIES", "MUSICNN", "Family", "can_run", "folder", "installed", "missing_files"]
