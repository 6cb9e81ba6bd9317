"""Which tracks sound alike, by the embeddings of a library."""

import base64

import numpy as np
import pytest

from fakes.scene import Scene
from notorious.analysis.model import Embedding
from notorious.domain.track_view import TrackView
from notorious.service import similar_tracks as similar
from notorious.service.followers import NotHeard
from notorious.service.similar_tracks import SimilarTracks, similar_tracks
from notorious.service.track_indexes import TrackIndexes
from unit.planning.planning_track_factory import make_track


@pytest.fixture
def scene() -> Scene:
    return Scene()


def add(scene: Scene, name: str, point: tuple[float, ...], kind: str = "signal-1") -> str:
    """A track whose sound is a point."""
    data = base64.b64encode(np.array(point, "<f2").tobytes()).decode()
    track = make_track(name, title=name)
    analysis = track.analysis.model_copy(update={"embedding": Embedding(name=kind, data=data)})
    return scene.add(track.model_copy(update={"analysis": analysis}))


def ask(scene: Scene, track: str, count: int = 10) -> SimilarTracks:
    index = TrackIndexes(scene.store, scene.objects).current("anna").index
    view = index.track(track)
    assert isinstance(view, TrackView)
    return similar_tracks("anna", view, index, scene.objects, count=count)


def test_the_nearest_come_first_with_their_cosine(scene: Scene) -> None:
    of = add(scene, "of", (1, 0))
    add(scene, "near", (0.8, 0.6))
    add(scene, "far", (0, 1))
    add(scene, "same", (2, 0))
    found = ask(scene, of)
    assert [one.track.title for one in found.nearest] == ["same", "near", "far"]
    assert [one.likeness for one in found.nearest] == pytest.approx([1.0, 0.8, 0.0], abs=1e-3)
    assert found.nearest[0].reasons[0] == "sounds very much alike"
    assert (found.compared, found.not_compared) == (3, 0)
    assert len(ask(scene, of, count=1).nearest) == 1


def test_tracks_heard_by_other_networks_are_counted_not_ranked(scene: Scene) -> None:
    of = add(scene, "of", (1, 0))
    add(scene, "other", (1, 0, 0), kind="network-1")
    found = ask(scene, of)
    assert (found.nearest, found.compared, found.not_compared) == ((), 0, 1)


def test_analyses_are_read_once(scene: Scene) -> None:
    of = add(scene, "of", (1, 0))
    add(scene, "near", (1, 1))
    ask(scene, of)
    scene.objects.reads.clear()
    ask(scene, of)
    assert [key for key in scene.objects.reads if key.startswith("analyses/")] == []


def test_a_large_library_is_read_a_bounded_number_at_a_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "MOST_READ", 3)
    tracks = [add(scene, str(number), (1, number)) for number in range(8)]
    seen = [ask(scene, tracks[5]) for _ in range(3)]
    assert [(one.compared, one.not_compared) for one in seen] == [(2, 5), (5, 2), (7, 0)]


def test_a_track_that_was_heard_anew_is_read_anew(scene: Scene) -> None:
    of, other = add(scene, "of", (1, 0)), add(scene, "other", (0, 1))
    assert ask(scene, of).nearest[0].likeness == pytest.approx(0, abs=1e-3)
    assert add(scene, "other", (1, 0)) == other
    assert ask(scene, of).nearest[0].likeness == pytest.approx(1, abs=1e-3)


def test_a_broken_index_is_made_anew(scene: Scene) -> None:
    of = add(scene, "of", (1, 0))
    add(scene, "near", (1, 1))
    scene.objects.put("indexes/anna/likeness-1.json.gz", b"broken")
    assert ask(scene, of).compared == 1


def test_a_track_without_an_embedding_cannot_be_compared(scene: Scene) -> None:
    track = make_track("plain")
    analysis = track.analysis.model_copy(update={"embedding": None})
    of = scene.add(track.model_copy(update={"analysis": analysis}))
    with pytest.raises(NotHeard, match="without an embedding"):
        ask(scene, of)
