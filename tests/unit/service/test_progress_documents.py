"""Progress: at most two tellings a second, and never without the last."""

import pytest

from fakes.clock import FakeClock
from fakes.live import MemoryLive
from fakes.senders import MemoryNotifier
from notorious.service.ports import ProgressStep
from notorious.service.progress import Progress


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.live = MemoryLive()
        self.notifier = MemoryNotifier()

    def progress(self, part: str = "") -> Progress:
        return Progress(self.live, self.notifier, self.clock, tenant="anna", mix="m1", part=part)


def test_a_thousand_reports_in_two_seconds_are_told_at_most_twice_a_second_and_to_the_end() -> None:
    scene = Scene()
    with scene.progress() as progress:
        for number in range(1001):
            progress.report("mastering", number, 1000)
            scene.clock.pass_seconds(0.002)
    assert len(scene.notifier.told) <= 2 * 2 + 2
    assert scene.live.documents[-1].current == 1000
    assert set(scene.notifier.told) == {("anna", "mix/m1")}


def test_the_last_report_is_written_however_soon_it_comes() -> None:
    scene = Scene()
    with scene.progress() as progress:
        progress.report("mastering", 1, 10)
        progress.report("mastering", 10, 10)
    assert [document.current for document in scene.live.documents] == [1, 10]


def test_the_last_telling_comes_after_the_last_document() -> None:
    scene = Scene()
    told: list[float] = []

    class Listening(MemoryNotifier):
        def notify(self, tenant: str, topic: str) -> None:
            document = scene.live.progress("anna", "m1")
            assert document is not None
            told.append(document.current)

    scene.notifier = Listening()
    with scene.progress() as progress:
        progress.report("mastering", 1, 10)
        scene.clock.pass_seconds(0.1)
        progress.report("mastering", 10, 10)
    assert told == [1, 10]
    assert scene.clock.slept == pytest.approx([0.4], abs=1e-5)


def test_a_new_phase_is_written_at_once() -> None:
    scene = Scene()
    progress = scene.progress()
    progress.report("validating", 1, 1)
    progress.report("finding candidates", 0, 100)
    assert [document.phase for document in scene.live.documents] == ["validating", "finding candidates"]


def test_the_last_of_a_phase_is_not_lost_to_the_first_of_the_next() -> None:
    scene = Scene()
    progress = scene.progress()
    progress.report("mastering", 1, 10)
    progress.report("mastering", 10, 10)
    progress.report("exporting", 0, 5)
    assert [(one.phase, one.current) for one in scene.live.documents] == [
        ("mastering", 1),
        ("mastering", 10),
        ("exporting", 0),
    ]


def test_versions_rise_by_one_with_every_document() -> None:
    scene = Scene()
    with scene.progress() as progress:
        for number in range(5):
            progress.report("mastering", number, 4)
            scene.clock.pass_seconds(1)
    assert [document.version for document in scene.live.documents] == [1, 2, 3, 4, 5]


def test_the_parts_of_many_voices_add_up() -> None:
    scene = Scene()
    for part, seconds in (("0", 100.0), ("1", 150.0)):
        with scene.progress(part) as progress:
            progress.report("rendering voices", seconds, 400.0)
    document = scene.live.progress("anna", "m1")
    assert document is not None
    assert (document.current, document.percent) == (250.0, 62.5)


def test_of_many_voices_that_end_at_once_one_waits_to_tell_of_all() -> None:
    scene = Scene()
    voices = [scene.progress(str(number)) for number in range(10)]
    for voice in voices:
        voice.report("rendering voices", 5, 50)
        voice.finish()
    assert len(scene.clock.slept) <= len(voices)
    assert len(scene.notifier.told) <= 1 + sum(scene.clock.slept) / 0.5 + 1e-9
    document = scene.live.progress("anna", "m1")
    assert document is not None
    assert document.current == 50


def test_voices_that_end_while_somebody_is_about_to_tell_leave_at_once() -> None:
    scene = Scene()
    assert scene.live.claim_telling("anna", "m1", now=scene.clock.now(), seconds=0.5, may_wait=False) == 0
    # Somebody waits for the next free moment ...
    assert scene.live.claim_telling("anna", "m1", now=scene.clock.now(), seconds=0.5, may_wait=True) == 0.5
    with scene.progress("3") as progress:
        progress.report("rendering voices", 5, 5)
    assert scene.clock.slept == []
    assert scene.notifier.told == []


def test_a_straggler_of_an_earlier_phase_does_not_set_the_job_back() -> None:
    scene = Scene()
    scene.progress().report("mastering", 1, 10)
    scene.progress("7").report("rendering voices", 3, 10)
    document = scene.live.progress("anna", "m1")
    assert document is not None
    assert document.phase == "mastering"


def test_another_attempt_begins_with_the_first_phase_and_a_higher_version() -> None:
    scene = Scene()
    scene.progress().report("mastering", 1, 10)
    scene.live.restart_progress("anna", "m1")
    document = scene.live.advance("anna", "m1", ProgressStep("validating", 0, 1))
    assert document is not None
    assert (document.attempt, document.version, document.phase) == (2, 2, "validating")


def test_a_failure_in_the_middle_still_writes_what_was_reported() -> None:
    scene = Scene()
    try:
        with scene.progress() as progress:
            progress.report("mastering", 1, 10)
            progress.report("mastering", 7, 10)
            raise OSError
    except OSError:
        assert scene.live.documents[-1].current == 7
