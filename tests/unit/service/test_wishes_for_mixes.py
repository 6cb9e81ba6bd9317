"""What a listener may wish of a mix, and what cannot be meant."""

from typing import Any

import pytest

from fakes.scene import Scene
from notorious.domain.mix import MixExists, PlanHasChanged
from notorious.errors import BriefError, InputError, PlanError
from notorious.planning.brief import Brief
from notorious.planning.plan import Plan
from notorious.planning.planner import plan_set
from notorious.planning.profile import TrackProfile
from notorious.service.mix_job import open_job
from notorious.service.plan_mix import find_candidates, plan
from notorious.service.wishes import MixWish, Wisher, edit_plan, rate_transition, request_mix
from unit.planning.planning_track_factory import make_library


def ask(scene: Scene, **wish: Any) -> None:
    request_mix(scene.store, "anna", "m1", MixWish(**({"brief": {}} | wish)), scene.wisher())


def test_a_request_keeps_what_was_asked_for() -> None:
    scene = Scene()
    ask(scene, brief={"minutes": 60, "curve": "wave"}, formats=["mp3", "flac", "mp3"], name="Friday")
    request = scene.mix().request
    assert request is not None
    assert request.brief == {"minutes": 60.0, "curve": "wave"}
    assert (request.formats, request.name) == (("mp3", "flac"), "Friday")


def test_the_same_wish_twice_is_one() -> None:
    scene = Scene()
    for _ in range(2):
        request_mix(scene.store, "anna", "m1", MixWish(brief={}), Wisher("anna", "once"))
    assert scene.events() == ["MixRequested"]


def test_another_wish_for_the_same_mix_is_refused() -> None:
    scene = Scene()
    ask(scene)
    with pytest.raises(MixExists):
        ask(scene)


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"brief": {"minutes": -3}}, "the brief's minutes"),
        ({"brief": {"colour": "red"}}, "the brief's colour"),
        ({"brief": {"plateaus": [{"start": 0.5, "end": 0.2, "energy": 1}]}}, "the brief's plateaus.0: a plateau must"),
        ({"brief": {"bpm_min": 130, "bpm_max": 120}}, "the brief: the tempo range"),
        ({"selection": {"kind": "tracks", "tracks": ["x"]}}, "the selection's tracks.0"),
    ],
)
def test_a_wish_that_cannot_be_meant_is_refused_by_its_field(wish: dict[str, Any], named: str) -> None:
    with pytest.raises(BriefError) as told:
        ask(Scene(), **wish)
    assert str(told.value).startswith(named)


def test_a_format_that_no_mix_can_have_is_refused_with_those_that_it_can() -> None:
    with pytest.raises(InputError, match="choose among flac, wav"):
        ask(Scene(), formats=["aiff"])


# -- plans changed by hand -------------------------------------------------------------------------


def planned() -> tuple[Scene, Plan]:
    scene = Scene()
    for track in make_library(6):
        scene.add(track)
    scene.request(brief={"minutes": 10})
    found = find_candidates(
        "anna", "m1", store=scene.store, objects=scene.objects, tracks=scene.tracks(), progress=scene.progress()
    )
    plan("anna", "m1", found, store=scene.store, objects=scene.objects, progress=scene.progress())
    return scene, open_job(scene.store, "anna", "m1").plan(scene.objects)


def test_a_plan_changed_by_hand_takes_the_place_of_the_one_it_is_based_on() -> None:
    scene, made = planned()
    changed = made.model_copy(update={"title": "Mine"})
    edit_plan(scene.store, scene.objects, "anna", "m1", changed, based_on=1, wisher=scene.wisher())
    job = open_job(scene.store, "anna", "m1")
    assert (job.planned.revision, job.plan(scene.objects)) == (2, changed)


def test_a_plan_based_on_an_old_revision_is_refused() -> None:
    scene, made = planned()
    mine, late = (made.model_copy(update={"title": title}) for title in ("Mine", "Too late"))
    edit_plan(scene.store, scene.objects, "anna", "m1", mine, based_on=1, wisher=scene.wisher())
    with pytest.raises(PlanHasChanged):
        edit_plan(scene.store, scene.objects, "anna", "m1", late, based_on=1, wisher=scene.wisher())


def test_no_plan_can_bring_in_a_track_of_somebody_elses_library() -> None:
    scene, _ = planned()
    foreign = make_library(3, seed=9)
    rows = [TrackProfile.of(track) for track in foreign]
    by_hash = {track.sha256: track for track in foreign}
    theirs = plan_set(rows, Brief(), load=by_hash.__getitem__)
    with pytest.raises(PlanError, match="is not in the library"):
        edit_plan(scene.store, scene.objects, "anna", "m1", theirs, based_on=1, wisher=scene.wisher())


def test_a_transition_of_the_plan_can_be_rated() -> None:
    scene, _ = planned()
    rate_transition(scene.store, "anna", "m1", transition=0, stars=5, comment="yes", wisher=scene.wisher())
    assert scene.mix().ratings[0].stars == 5
