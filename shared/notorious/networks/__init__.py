"""Networks: what they are, where they lie, how they are run. Without them everything works by signal processing."""

from notorious.networks.catalogue import BEATNET, FAMILIES, MUSICNN, Family, folder, installed

__all__ = ["BEATNET", "FAMILIES", "MUSICNN", "Family", "folder", "installed"]
