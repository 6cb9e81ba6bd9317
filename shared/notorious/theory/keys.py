"""The 24 keys: arithmetic on pitch classes, and the many ways in which tags spell them.

Conventions: pitch classes count semitones above C (C = 0, B = 11); the minor scale is the natural minor; wheel
positions go from 1 to 12 as on the Camelot wheel (8 holds C major and A minor), clockwise by fifths upwards.

Nothing here is looked up in a list of key names. A name follows from the line of fifths (... Bb F C G D ...), on
which the seven letters repeat with one more sharp on every turn; a number on either wheel is a place on the circle of
fifths.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

Mode = Literal["major", "minor"]

_LETTERS_BY_FIFTHS = "FCGDAEB"
_SEMITONES_OF_LETTER = {letter: (7 * (place - 1)) % 12 for place, letter in enumerate(_LETTERS_BY_FIFTHS)}
_SCALE_STEPS: dict[Mode, tuple[int, ...]] = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_CAMELOT_OFFSET = 7
"""C major, place 0 on the circle of fifths, is number 8 on the Camelot wheel and number 1 in Open Key."""


@dataclass(frozen=True, slots=False)
class Key:
    """A tonic and a mode.

    `tonic` is a pitch class from 0 (C) to 11 (B). Raises ValueError where either is none.
    """

    tonic: int
    mode: Mode

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise ValueError(f"a tonic is a pitch class from 0 to 11, not {self.tonic}")
        if self.mode not in _SCALE_STEPS:
            raise ValueError(f"a mode is major or minor, not {self.mode!r}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one spelling of one key: `8A`, `08a`, `1m`, `Am`, `A min`, `A♭ minor`, `F#`, `cis-moll`, `Eb:maj`.

        A letter without a mode is major, as the ID3 frame TKEY has it. Beside the German words `dur` and `moll`, B is
        B flat and H is B. Raises ValueError when the text is not a key; `find_key` looks for one in a longer text.
        """
        plain = _plain(text)
        for read in (_read_wheel, _read_traditional, _read_german):
            found = read(plain)
            if found is not None:
                return cls(*found)
        raise ValueError(f"{text!r} is not a key; write it like 8A, 1m, Am, F# minor or Eb major")

    @classmethod
    def from_index(cls, index: int) -> Self:
        """The key whose `index` this is: 0-11 are the majors from C upwards, 12-23 the minors from C minor upwards."""
        if not 0 <= index <= 23:
            raise ValueError(f"a key's index is from 0 to 23, not {index}")
        return cls(index % 12, "major" if index < 12 else "minor")

    @classmethod
    def from_wheel(cls, position: int, mode: Mode) -> Self:
        """The key at a position (1-12) of the Camelot wheel: 8 is C major or A minor."""
        if not 1 <= position <= 12:
            raise ValueError(f"the wheel has positions 1 to 12, not {position}")
        # 7 is its own inverse modulo 12, so going to the circle of fifths and coming back are the same product.
        major_tonic = (7 * (position - 1 - _CAMELOT_OFFSET)) % 12
        return cls(major_tonic if mode == "major" else (major_tonic - 3) % 12, mode)

    @property
    def index(self) -> int:
        """0-11 for the majors from C upwards, 12-23 for the minors: where tables of all keys hold this one."""
        return self.tonic + (12 if self.mode == "minor" else 0)

    @property
    def _circle_place(self) -> int:
        """Place of its scale on the circle of fifths, 0 (no accidentals) to 11."""
        major_tonic = self.tonic if self.mode == "major" else self.tonic + 3
        return (7 * major_tonic) % 12

    @property
    def wheel_position(self) -> int:
        """The number on the Camelot wheel, 1 to 12; a step of +1 is a fifth upwards."""
        return (self._circle_place + _CAMELOT_OFFSET) % 12 + 1

    @property
    def camelot(self) -> str:
        """`8A`: A is minor, B is major."""
        return f"{self.wheel_position}{'A' if self.mode == 'minor' else 'B'}"

    @property
    def open_key(self) -> str:
        """`1m` or `1d`: m is minor (moll), d is major (dur); C major is 1d."""
        return f"{self._circle_place + 1}{'m' if self.mode == 'minor' else 'd'}"

    @property
    def accidentals(self) -> int:
        """Sharps (positive) or flats (negative) of the signature, as few as can be.

        Six sharps and six flats tie: F# major is written with sharps and E flat minor with flats, as on the wheel.
        """
        most_sharps = 6 if self.mode == "major" else 5
        place = self._circle_place
        return place if place <= most_sharps else place - 12

    @property
    def tonic_name(self) -> str:
        """The tonic in the spelling with the fewest accidentals: G# (minor), but Ab (major)."""
        return self._spelling[self.tonic]

    @property
    def name(self) -> str:
        """`A minor`."""
        return f"{self.tonic_name} {self.mode}"

    @property
    def short_name(self) -> str:
        """`Am`, `A`: as ID3 writes it."""
        return self.tonic_name + ("m" if self.mode == "minor" else "")

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The seven notes of the scale from the tonic upwards."""
        return tuple((self.tonic + step) % 12 for step in _SCALE_STEPS[self.mode])

    @property
    def note_names(self) -> tuple[str, ...]:
        """The seven notes of the scale from the tonic upwards, each letter once."""
        return tuple(self._spelling[pitch_class] for pitch_class in self.pitch_classes)

    @cached_property
    def _spelling(self) -> dict[int, str]:
        # A major scale is seven neighbours on the line of fifths, beginning one fifth below its tonic.
        first = self.accidentals - 1
        return {(7 * place) % 12: _line_of_fifths_name(place) for place in range(first, first + 7)}

    @property
    def relative(self) -> "Key":
        """The key of the other mode with the same notes: C major for A minor."""
        return Key((self.tonic + 3) % 12, "major") if self.mode == "minor" else Key((self.tonic - 3) % 12, "minor")

    @property
    def parallel(self) -> "Key":
        """The key of the other mode with the same tonic: A major for A minor."""
        return Key(self.tonic, "major" if self.mode == "minor" else "minor")

    def transposed(self, semitones: int) -> "Key":
        """This key so many semitones higher (negative: lower)."""
        return Key((self.tonic + semitones) % 12, self.mode)

    def __str__(self) -> str:
        return self.camelot


ALL_KEYS: tuple[Key, ...] = tuple(Key.from_index(index) for index in range(24))
"""The 24 keys, each where its `index` says."""


def _line_of_fifths_name(place: int) -> str:
    """The name of a note on the line of fifths, C being place 0, G 1, F -1, F# 6, Bb -2."""
    turns, letter = divmod(place + 1, 7)
    return _LETTERS_BY_FIFTHS[letter] + ("#" * turns if turns > 0 else "b" * -turns)


_ALONE = re.compile(r"(?:0?[1-9]|1[0-2])[ABdm]|[A-G](?:[#b]m?|m)")
"""What counts as a key when it stands alone between separators."""
_AMID_WORDS = re.compile(
    r"""(?<![A-Za-z0-9#])(?:
        [A-H][ ]?(?:\#|b|sharp|flat)?[ _:-]?(?:minor|major|min|maj)     # F# minor, Ebmaj, A:min
        | [A-Ha-h](?:is|es|s)?[ _-]?(?i:moll|dur)                       # cis-moll, Es-Dur
        | (?:0?[1-9]|1[0-2])[AB]                                        # 8A
        | [A-G](?:[#b]m?|m)                                             # F#m, Bb, Am
    )(?![A-Za-z0-9#'’])""",
    re.VERBOSE,
)


def find_key(text: str) -> Key | None:
    """Find a key in a messy tag: `8A - Energy 7`, `Key: F#m / 124 BPM`, `11B/A`; None when there is none.

    The whole text is tried first, then each part between separators, then what stands amid words; the leftmost wins.
    Inside a longer text only what can hardly be anything else counts: a bare letter (`A Song`) or a lower-case `am`
    does not.
    """
    try:
        return Key.parse(text)
    except ValueError:
        pass
    plain = _plain(text)
    for part in re.split(r"\s*[|/,;()\[\]]\s*|\s+[-–—]\s+", plain):
        if _ALONE.fullmatch(part):
            return Key.parse(part)
    for amid in _AMID_WORDS.finditer(plain):
        try:
            return Key.parse(amid.group(0))
        except ValueError:  # a German ending that its letter does not take, such as "bs-dur"
            continue
    return None


def _plain(text: str) -> str:
    """Musical signs as ASCII, without outer space."""
    for sign, letter in (("♭", "b"), ("♯", "#"), ("＃", "#")):
        text = text.replace(sign, letter)
    return unicodedata.normalize("NFKC", text).strip().strip("\x00").strip()


def _read_wheel(text: str) -> tuple[int, Mode] | None:
    """Camelot (`8A`, `08 b`) and Open Key (`1m`, `12d`)."""
    match = re.fullmatch(r"0*([1-9]|1[0-2])\s*([ABDM])", text, re.IGNORECASE)
    if match is None:
        return None
    number, letter = int(match.group(1)), match.group(2).upper()
    mode: Mode = "minor" if letter in "AM" else "major"
    position = number if letter in "AB" else (number - 1 + _CAMELOT_OFFSET) % 12 + 1
    key = Key.from_wheel(position, mode)
    return key.tonic, key.mode


_MODE_WORDS: dict[str, Mode] = {
    "": "major", "maj": "major", "major": "major", "ionian": "major",
    "m": "minor", "min": "minor", "minor": "minor", "mi": "minor", "aeolian": "minor", "-": "minor",
}  # fmt: skip


def _read_traditional(text: str) -> tuple[int, Mode] | None:
    """`Am`, `A min`, `Bb`, `F sharp minor`, `Eb:maj`, `C#M`."""
    match = re.fullmatch(
        r"([A-Ha-h])[\s_-]*(##|bb|#|b|sharp|flat)?[\s_:.-]*(major|maj|minor|min|mi|m|aeolian|ionian|)\.?",
        text,
        re.IGNORECASE,
    )
    if match is None:
        return None
    letter, accidental, word = match.group(1).upper(), (match.group(2) or "").lower(), match.group(3)
    mode: Mode = "major" if word == "M" else _MODE_WORDS[word.lower()]
    return _pitch_class(letter, accidental), mode


def _read_german(text: str) -> tuple[int, Mode] | None:
    """`a-moll`, `cis-moll`, `Es-Dur`, `B-Dur` (which is B flat), `h-moll` (which is B)."""
    match = re.fullmatch(r"([a-h])(is|es|s)?[\s_-]*(dur|moll)", text, re.IGNORECASE)
    if match is None:
        return None
    letter, ending = match.group(1).upper(), (match.group(2) or "").lower()
    if ending == "s" and letter not in "AE":
        return None
    accidental = {"": "b" if letter == "B" else "", "is": "#", "es": "b", "s": "b"}[ending]
    return _pitch_class(letter, accidental), "major" if match.group(3).lower() == "dur" else "minor"


def _pitch_class(letter: str, accidental: str) -> int:
    shift = {"": 0, "#": 1, "sharp": 1, "##": 2, "b": -1, "flat": -1, "bb": -2}[accidental]
    # H is what German speakers call B.
    return (_SEMITONES_OF_LETTER["B" if letter == "H" else letter] + shift) % 12
