"""Notorious hears tracks, plans a set, renders it as one recording, and says why."""

__version__ = "0.1.0"
