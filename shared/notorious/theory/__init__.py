"""Theory: harmony, tempo, energy curves, phrases, genres. Arithmetic, standard library only."""

from notorious.theory.curves import CURVE_NAMES, CurveName, Plateau, energy_target
from notorious.theory.genres import GENRES, Genre, find_genre, usual_bpm
from notorious.theory.harmony import HarmonicMove, harmonic_move, move_scores
from notorious.theory.keys import ALL_KEYS, Key, find_key
from notorious.theory.phrases import nearest_border, phrase_borders, snap_bars
from notorious.theory.tempo import TempoMatch, compare_tempo, tolerance_bpm
from notorious.theory.transition_length import TransitionLength, transition_length

__all__ = [
    "ALL_KEYS",
    "CURVE_NAMES",
    "GENRES",
    "CurveName",
    "Genre",
    "HarmonicMove",
    "Key",
    "Plateau",
    "TempoMatch",
    "TransitionLength",
    "compare_tempo",
    "energy_target",
    "find_genre",
    "find_key",
    "harmonic_move",
    "move_scores",
    "nearest_border",
    "phrase_borders",
    "snap_bars",
    "tolerance_bpm",
    "transition_length",
    "usual_bpm",
]
