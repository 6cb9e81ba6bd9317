"""In which formats a mix can be had."""

import pytest

from fakes.scene import Scene
from notorious.errors import InputError
from notorious.service.formats import LONGEST_MP3_SECONDS, check_formats
from notorious.service.plan_mix import validate
from notorious.service.progress import Progress
from notorious.service.wishes import MixWish, Wisher, request_mix


def test_an_mp3_may_be_as_long_as_one_call_can_encode() -> None:
    check_formats(("flac", "mp3"), LONGEST_MP3_SECONDS)
    check_formats(("flac", "opus"), 10 * LONGEST_MP3_SECONDS)
    with pytest.raises(InputError, match="as MP3 than a step may run; ask for at most 120 minutes"):
        check_formats(("flac", "mp3"), LONGEST_MP3_SECONDS + 60)


def test_a_wish_that_is_too_long_is_refused_before_anything_is_planned() -> None:
    scene = Scene()
    wish = MixWish(brief={"minutes": 240}, formats=("mp3",))
    request_mix(scene.store, "anna", "m1", wish, Wisher("anna", "w"))
    progress = Progress(scene.live, scene.notifier, scene.clock, tenant="anna", mix="m1")
    with pytest.raises(InputError, match="240 minutes"):
        validate("anna", "m1", store=scene.store, tracks=scene.tracks(), progress=progress)
