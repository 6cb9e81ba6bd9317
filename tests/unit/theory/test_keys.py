"""Keys: arithmetic against music theory, and the spellings found in tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notorious.theory.keys import ALL_KEYS, Key, find_key

keys = st.sampled_from(ALL_KEYS)


def test_there_are_24_keys_each_at_its_index() -> None:
    assert len(set(ALL_KEYS)) == 24
    assert [key.index for key in ALL_KEYS] == list(range(24))
    assert all(Key.from_index(key.index) == key for key in ALL_KEYS)


def test_each_wheel_names_each_key_once() -> None:
    assert len({key.camelot for key in ALL_KEYS}) == 24
    assert len({key.open_key for key in ALL_KEYS}) == 24
    assert len({key.name for key in ALL_KEYS}) == 24


@pytest.mark.parametrize(
    ("camelot", "open_key", "name"),
    [
        ("8A", "1m", "A minor"),
        ("8B", "1d", "C major"),
        ("1A", "6m", "G# minor"),
        ("1B", "6d", "B major"),
        ("2A", "7m", "Eb minor"),
        ("2B", "7d", "F# major"),
        ("4B", "9d", "Ab major"),
        ("11A", "4m", "F# minor"),
        ("12B", "5d", "E major"),
        ("5A", "10m", "C minor"),
    ],
)
def test_the_three_notations_agree_with_the_printed_wheel(camelot: str, open_key: str, name: str) -> None:
    key = Key.parse(camelot)
    assert (key.camelot, key.open_key, key.name) == (camelot, open_key, name)


@given(keys)
def test_every_notation_that_is_written_can_be_read(key: Key) -> None:
    for written in (key.camelot, key.open_key, key.name, key.short_name, key.camelot.lower(), "0" + key.camelot):
        assert Key.parse(written) == key
        assert find_key(written) == key


@given(keys)
def test_a_fifth_up_is_one_step_up_the_wheel(key: Key) -> None:
    assert key.transposed(7).wheel_position == key.wheel_position % 12 + 1


@given(keys)
def test_a_semitone_up_is_seven_steps_up_the_wheel(key: Key) -> None:
    assert (key.transposed(1).wheel_position - key.wheel_position) % 12 == 7


@given(keys)
def test_the_relative_has_the_same_notes_and_the_same_number(key: Key) -> None:
    assert set(key.relative.pitch_classes) == set(key.pitch_classes)
    assert key.relative.wheel_position == key.wheel_position
    assert key.relative.mode != key.mode
    assert key.relative.relative == key


@given(keys)
def test_the_parallel_has_the_same_tonic_and_stands_three_steps_away(key: Key) -> None:
    assert key.parallel.tonic == key.tonic
    assert key.parallel.parallel == key
    steps = (key.parallel.wheel_position - key.wheel_position) % 12
    assert steps == (3 if key.mode == "minor" else 9)


@given(keys, st.integers(-50, 50), st.integers(-50, 50))
def test_transposing_twice_is_transposing_by_the_sum(key: Key, first: int, second: int) -> None:
    assert key.transposed(first).transposed(second) == key.transposed(first + second)
    assert key.transposed(12 * first) == key


@given(keys, st.integers(-24, 24))
def test_transposing_moves_every_note_of_the_scale(key: Key, semitones: int) -> None:
    moved = tuple((note + semitones) % 12 for note in key.pitch_classes)
    assert key.transposed(semitones).pitch_classes == moved


@given(keys)
def test_a_scale_is_spelt_with_each_letter_once_and_at_most_six_accidentals(key: Key) -> None:
    names = key.note_names
    assert sorted(name[0] for name in names) == list("ABCDEFG")
    assert sum(len(name) - 1 for name in names) == abs(key.accidentals) <= 6
    assert len({name[1] for name in names if len(name) > 1}) <= 1
    for name, pitch_class in zip(names, key.pitch_classes, strict=True):
        assert Key.parse(name).tonic == pitch_class


@given(st.integers(1, 12), st.sampled_from(["major", "minor"]))
def test_a_wheel_position_leads_back_to_itself(position: int, mode: str) -> None:
    key = Key.from_wheel(position, mode)  # type: ignore[arg-type]
    assert (key.wheel_position, key.mode) == (position, mode)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Abm", "G# minor"),
        ("G#m", "G# minor"),
        ("8A", "A minor"),
        ("08A", "A minor"),
        ("8 a", "A minor"),
        ("A min", "A minor"),
        ("Amin", "A minor"),
        ("AMIN", "A minor"),
        ("am", "A minor"),
        ("A-minor", "A minor"),
        ("A:min", "A minor"),
        ("A♭ minor", "G# minor"),
        ("C♯ Major", "C# major"),
        ("Cmaj", "C major"),
        ("CM", "C major"),
        ("C", "C major"),
        ("Bb", "Bb major"),
        ("bbm", "Bb minor"),
        ("Cbm", "B minor"),
        ("E#", "F major"),
        ("F sharp minor", "F# minor"),
        ("E Flat Major", "Eb major"),
        ("1m", "A minor"),
        ("12D", "F major"),
        ("F# Minor", "F# minor"),
        ("cis-moll", "C# minor"),
        ("Es-Dur", "Eb major"),
        ("as moll", "G# minor"),
        ("B-Dur", "Bb major"),
        ("h-moll", "B minor"),
        ("Hm", "B minor"),
        (" Am\x00", "A minor"),
        ("D aeolian", "D minor"),
    ],
)
def test_a_spelling_found_in_tags_is_read(text: str, name: str) -> None:
    expected = name if name != "C# major" else "Db major"
    assert Key.parse(text).name == expected


@pytest.mark.parametrize(
    "text",
    ["", "o", "13A", "0A", "8C", "8", "A dorian-ish", "Am7 chord", "Hello", "A Song", "128", "None", "All", "bs-dur"],
)
def test_what_is_not_a_key_is_refused_with_an_example_of_one(text: str) -> None:
    with pytest.raises(ValueError, match="is not a key; write it like 8A"):
        Key.parse(text)


@pytest.mark.parametrize(
    ("text", "camelot"),
    [
        ("8A - Energy 7", "8A"),
        ("8A-Energy 7", "8A"),
        ("Key: F#m / 124 BPM", "11A"),
        ("11B/A", "11B"),
        ("Am, Cool", "8A"),
        ("(Fm)", "4A"),
        ("124 - 4A", "4A"),
        ("in A♭ minor, live", "1A"),
        ("Symphony in cis-moll", "12A"),
        ("energy 7 | 12B | ♥", "12B"),
        ("6m/Gm", "1A"),  # Open Key 6m is G sharp minor; the leftmost wins
    ],
)
def test_a_key_is_found_in_a_messy_tag(text: str, camelot: str) -> None:
    found = find_key(text)
    assert found is not None
    assert found.camelot == camelot


@pytest.mark.parametrize("text", ["", "I am the one", "A Song", "Great tune", "128 bpm", "Side B", "Track 1"])
def test_no_key_is_found_where_there_is_none(text: str) -> None:
    assert find_key(text) is None


@given(st.text())
def test_finding_a_key_never_fails(text: str) -> None:
    found = find_key(text)
    assert found is None or found in ALL_KEYS


@pytest.mark.parametrize(("tonic", "mode"), [(-1, "major"), (12, "minor"), (0, "dorian")])
def test_a_key_that_is_none_cannot_be_made(tonic: int, mode: str) -> None:
    with pytest.raises(ValueError, match=r"pitch class|major or minor"):
        Key(tonic, mode)  # type: ignore[arg-type]
