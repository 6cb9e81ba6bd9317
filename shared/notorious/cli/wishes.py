"""From what was typed to a Brief: every wish is checked before anything is heard."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from notorious.errors import BriefError
from notorious.planning.brief import Brief, PlateauWish

_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"
_PLATEAU = re.compile(rf"\s*{_NUMBER}(%?)\s*-\s*{_NUMBER}(%?)\s*:\s*{_NUMBER}\s*(?::(.*))?", re.DOTALL)
_BPM = re.compile(rf"\s*{_NUMBER}?\s*-\s*{_NUMBER}?\s*")


@dataclass(frozen=True)
class Wishes:
    """What was asked for, as typed; tracks still by the names that people use."""

    settings: dict[str, Any] = field(default_factory=dict)
    plateaus: Sequence[str] = ()
    bpm: str | None = None
    start: str | None = None
    end: str | None = None
    exclude: Sequence[str] = ()

    @property
    def names_tracks(self) -> bool:
        """Whether tracks have to be looked up before there is a brief."""
        return bool(self.start or self.end or self.exclude)

    def brief(self, find: Callable[[str], str] | None = None) -> Brief:
        """The brief, with each named track found by `find` (left out without it, to check the rest beforehand)."""
        lowest, highest = parse_bpm(self.bpm) if self.bpm is not None else (None, None)
        found: dict[str, Any] = {}
        if find is not None:
            found = {
                "start": find(self.start) if self.start is not None else None,
                "end": find(self.end) if self.end is not None else None,
                "exclude": tuple(find(name) for name in self.exclude),
            }
        try:
            return Brief(
                **self.settings,
                **found,
                plateaus=tuple(parse_plateau(text) for text in self.plateaus),
                bpm_min=lowest,
                bpm_max=highest,
            )
        except ValidationError as error:
            raise BriefError(explain(error)) from error


def parse_plateau(text: str) -> PlateauWish:
    """Read `START-END:ENERGY[:PURPOSE]`: shares from 0 to 1, or percent with a sign."""
    match = _PLATEAU.fullmatch(text)
    if match is None:
        raise BriefError(f'the plateau "{text}" is not START-END:ENERGY[:PURPOSE], as in 0.4-0.6:0.9:peak')
    start, start_sign, end, end_sign, energy, purpose = match.groups()
    try:
        return PlateauWish(
            start=float(start) / (100 if start_sign else 1),
            end=float(end) / (100 if end_sign else 1),
            energy=float(energy),
            purpose=(purpose or "").strip(),
        )
    except ValidationError as error:
        raise BriefError(f'the plateau "{text}" cannot be: {explain(error)}') from error


def parse_bpm(text: str) -> tuple[float | None, float | None]:
    """Read `MIN-MAX`, where one of the two may be missing."""
    match = _BPM.fullmatch(text)
    if match is None or match.groups() == (None, None):
        raise BriefError(f'the tempo range "{text}" is not MIN-MAX, as in 120-128')
    lowest, highest = match.groups()
    return (float(lowest) if lowest else None, float(highest) if highest else None)


def explain(error: ValidationError) -> str:
    """What pydantic found, in a line for people."""
    said = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        text = str(problem["msg"]).removeprefix("Value error, ")
        said.append(f"{where}: {text[0].lower()}{text[1:]}" if where else text)
    return "; ".join(said)
