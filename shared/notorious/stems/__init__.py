"""Stems: a track taken apart into vocals, drums, bass and other, which sum to the track.

Separators stand behind one protocol (`separator`); the first is Demucs (`demucs`), whose own code and torch are
imported only when one is loaded. `python -m notorious.stems` is the job that runs on a GPU machine, and on a laptop.
"""
