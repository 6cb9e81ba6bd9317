import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_sets import RATE, MadeTrack, make_plan, make_track

from notorious.errors import OutputExists, PlanError
from notorious.planning.plan import Plan, Score
from notorious.rendering.clock import Clock
from notorious.rendering.master import render_mix
from notorious.rendering.preview import EDGE_SECONDS, PreviewRange, preview_range, render_preview
from notorious.rendering.techniques import handover_beat


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> list[MadeTrack]:
    folder = tmp_path_factory.mktemp("tracks")
    return [make_track(folder, f"track{n}", bpm=124, beats=96, root_hz=200 + 30 * n, seed=n) for n in range(3)]


@pytest.fixture(scope="module")
def plan(tracks: list[MadeTrack]) -> Plan:
    made = make_plan(tracks, overlap_beats=16)
    best = made.transitions[1].model_copy(update={"score": Score(total=95, components=())})
    return made.model_copy(update={"transitions": (made.transitions[0], best)})


def test_a_preview_is_that_piece_of_the_mix(plan: Plan, tmp_path: Path) -> None:
    render_mix(plan, tmp_path / "mix.wav", jobs=1)
    heard = PreviewRange(30.0, 50.0)
    assert render_preview(plan, tmp_path / "preview.wav", heard, format="wav") == pytest.approx(20.0, abs=1e-3)
    mix = soundfile.read(tmp_path / "mix.wav", dtype="float32", start=30 * RATE, frames=20 * RATE)[0]
    piece = soundfile.read(tmp_path / "preview.wav", dtype="float32")[0]
    inside = slice(round(EDGE_SECONDS * RATE), -round(EDGE_SECONDS * RATE))
    # Two roundings to 16 bits with their dither: nothing else differs, since no track of this set is stretched.
    assert np.abs(piece - mix)[inside].max() <= 3.1 / 32768


def test_unasked_the_best_transition_is_heard_with_its_handover_in_the_middle(plan: Plan) -> None:
    heard = preview_range(plan)
    assert heard.transition == 1
    handover = Clock(plan.clock).seconds(handover_beat(plan.transitions[1]))
    assert (heard.start_seconds + heard.end_seconds) / 2 == pytest.approx(handover)
    assert heard.end_seconds - heard.start_seconds == pytest.approx(30.0)


def test_a_preview_stays_inside_the_mix(plan: Plan) -> None:
    end = plan.clock[-1].seconds
    assert preview_range(plan, at_seconds=end - 5) == PreviewRange(end - 30, end)
    whole = preview_range(plan, at_seconds=0.0, seconds=300)
    assert (whole.start_seconds, whole.end_seconds) == (0.0, end)


def test_only_the_voices_that_sound_in_it_are_needed(plan: Plan) -> None:
    assert PreviewRange(0.0, 10.0).slots(plan) == (0,)
    assert preview_range(plan, transition=0).slots(plan) == (0, 1)


def test_a_set_of_one_track_is_previewed_from_its_middle(tracks: list[MadeTrack]) -> None:
    alone = make_plan(tracks[:1])
    heard = preview_range(alone, seconds=10)
    middle = alone.clock[-1].seconds / 2
    assert (heard.start_seconds, heard.end_seconds) == (pytest.approx(middle - 5), pytest.approx(middle + 5))


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"transition": 2}, "no transition 2; the set has 2"),
        ({"transition": -1}, "no transition -1"),
        ({"at_seconds": 9999.0}, "it has no 166:39"),
        ({"at_seconds": -1.0}, "the mix lasts from 0:00"),
        ({"seconds": 0.2}, "from 1 to 300 seconds"),
    ],
)
def test_what_is_not_in_the_mix_cannot_be_previewed(plan: Plan, wish: dict[str, float], complaint: str) -> None:
    with pytest.raises(PlanError, match=complaint):
        preview_range(plan, **wish)  # type: ignore[arg-type]


def test_nothing_that_exists_is_overwritten_unasked(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "preview.wav").write_text("precious")
    with pytest.raises(OutputExists):
        render_preview(plan, tmp_path / "preview.wav", PreviewRange(0.0, 2.0), format="wav")
    assert (tmp_path / "preview.wav").read_text() == "precious"


def test_a_preview_goes_into_a_stream_as_well(plan: Plan) -> None:
    stream = io.BytesIO()
    render_preview(plan, stream, PreviewRange(10.0, 12.0), format="mp3")
    stream.seek(0)
    assert soundfile.info(stream).duration == pytest.approx(2.0, abs=0.06)
