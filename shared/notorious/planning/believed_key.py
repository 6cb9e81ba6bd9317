"""The key that planning goes by: what was heard where two tracks are mixed, and what the file's tag says of it.

The analysis holds what was heard and nothing else. A tag is a hint from someone who may have listened, or not; a brief
says how far such hints are trusted (`Brief.trust_key_tags`), as the probability that a tag is right before anything is
heard. Heard and said are put together by Bayes' rule:

    p(key) ~ p(heard as such) x ((1 - trust) / 24 + trust [it is the tag's key])

where what was heard is the likeliest key, the runner-up and an even rest. With a trust of 0 the tag has no part; with 1
only the tag counts. Where the tag moves the answer away from what was heard, the answer says so.

A tag speaks of the whole track, so a part that is heard in another key than the whole keeps what was heard.
"""

from dataclasses import dataclass
from functools import lru_cache

from notorious.analysis.model import HeardKey
from notorious.planning.structure import Structure, key_of
from notorious.theory.keys import Key, find_key

MIX_POINT_BARS = 16.0
"""How much of a track is listened to for its key where a transition has no length of its own, or for its profile."""

_KEYS = 24
_LEAST = 1e-3
"""No key is ruled out by the ear: 1 in 1000 at least."""
_MOST_CONFIDENCE = 0.99


@dataclass(frozen=True)
class KeyEvidence:
    """What speaks for the key of a passage: indices are `theory.keys.Key.index`, -1 where there is none."""

    index: int
    confidence: float
    runner_up_index: int = -1
    runner_up_confidence: float = 0.0
    tag_index: int = -1

    def believed(self, trust: float) -> tuple[int, float]:
        """The likeliest key, and the probability that it is right, where tags are trusted so far (0 to 1)."""
        if trust <= 0.0 or self.tag_index < 0:
            return self.index, self.confidence
        named = {self.index: self.confidence}
        if self.runner_up_index >= 0:
            named[self.runner_up_index] = self.runner_up_confidence
        rest = max(1.0 - sum(named.values()), 0.0) / (_KEYS - len(named))
        odds = [
            max(named.get(index, rest), _LEAST) * ((1.0 - trust) / _KEYS + trust * (index == self.tag_index))
            for index in range(_KEYS)
        ]
        best = max(range(_KEYS), key=odds.__getitem__)
        return best, min(odds[best] / sum(odds), _MOST_CONFIDENCE)


@dataclass(frozen=True)
class BelievedKey:
    """A key that planning goes by; `note` says where a tag moved it, else it is empty."""

    camelot: str
    name: str
    confidence: float
    tuning_cents: float
    note: str = ""


def evidence_between(structure: Structure, start_beat: float, end_beat: float) -> KeyEvidence:
    """What speaks for the key of a stretch of a track, in source beats."""
    return _evidence(structure, _heard_between(structure, start_beat, end_beat))


def believed_between(structure: Structure, start_beat: float, end_beat: float, trust: float) -> BelievedKey:
    """The key of a stretch of a track, in source beats, where its tag is trusted so far (0 to 1)."""
    return _believed(structure, _heard_between(structure, start_beat, end_beat), trust)


def believed_whole(structure: Structure, trust: float) -> BelievedKey:
    """The key of a whole track, where its tag is trusted so far (0 to 1)."""
    return _believed(structure, structure.track.analysis.key, trust)


def _heard_between(structure: Structure, start_beat: float, end_beat: float) -> HeardKey:
    return structure.track.analysis.key.between(structure.seconds(start_beat), structure.seconds(end_beat))


@lru_cache(maxsize=4096)
def _key_in(tag: str | None) -> Key | None:
    return find_key(tag) if tag else None


def _evidence(structure: Structure, heard: HeardKey) -> KeyEvidence:
    other = heard.runner_up
    track = structure.track
    tag = _key_in(track.tags.key) if heard.camelot == track.analysis.key.camelot else None
    return KeyEvidence(
        index=key_of(heard.camelot).index,
        confidence=heard.confidence,
        runner_up_index=-1 if other is None else key_of(other.camelot).index,
        runner_up_confidence=0.0 if other is None else other.confidence,
        tag_index=-1 if tag is None else tag.index,
    )


def _believed(structure: Structure, heard: HeardKey, trust: float) -> BelievedKey:
    if trust <= 0.0:
        return BelievedKey(heard.camelot, heard.name, heard.confidence, heard.tuning_cents)
    index, confidence = _evidence(structure, heard).believed(trust)
    key = Key.from_index(index)
    note = ""
    if key.camelot != heard.camelot:
        note = f"{key.camelot} is its tag's word; it was heard as {heard.camelot} ({100 * heard.confidence:.0f} %)"
    return BelievedKey(key.camelot, key.name, confidence, heard.tuning_cents, note)
