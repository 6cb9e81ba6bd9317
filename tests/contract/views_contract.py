"""What every place for views must do. An adapter's tests inherit `ViewsContract` and give it one hook: `views`."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from notorious.eventstore.views import Generations, View, ViewConflict, Views


def view(name: str, version: int, *, is_gone: bool = False, **counted: int) -> View:
    """A view that counts for something."""
    content = {"text": f"{name} ♪", "number": 0.1 + 0.2, "list": [{}], "nothing": None}
    return View(name, version, version * 10, content, counted, is_gone)


class ViewsContract:
    """The guarantees of `notorious.eventstore.views.Views`, one test each."""

    @pytest.fixture
    def views(self) -> Views:
        """An empty place: the one hook."""
        raise AssertionError("an adapter's tests give their own views")

    def test_what_is_put_can_be_read(self, views: Views) -> None:
        first = view("a", 3, tracks=1)
        views.put("anna", "tracks", first, before=None, generation=1)
        assert views.get("anna", "tracks", "a") == first
        second = view("a", 5, tracks=1)
        views.put("anna", "tracks", second, before=first, generation=1)
        assert views.get("anna", "tracks", "a") == second

    def test_tenants_kinds_and_ids_are_apart(self, views: Views) -> None:
        views.put("anna", "tracks", view("a", 1), before=None, generation=1)
        assert views.get("bert", "tracks", "a") is None
        assert views.get("anna", "mixes", "a") is None
        assert views.get("anna", "tracks", "b") is None

    @pytest.mark.parametrize("before", [None, view("a", 2), view("a", 4)])
    def test_only_the_view_that_was_read_is_replaced(self, views: Views, before: View | None) -> None:
        there = view("a", 3, tracks=1)
        views.put("anna", "tracks", there, before=None, generation=1)
        with pytest.raises(ViewConflict):
            views.put("anna", "tracks", view("a", 5, tracks=5), before=before, generation=1)
        assert views.get("anna", "tracks", "a") == there
        assert views.statistics("anna") == {"tracks": 1}

    def test_a_view_that_was_never_there_is_not_replaced(self, views: Views) -> None:
        with pytest.raises(ViewConflict):
            views.put("anna", "tracks", view("a", 2), before=view("a", 1), generation=1)

    def test_statistics_are_the_sum_of_what_the_views_count(self, views: Views) -> None:
        first = view("a", 1, tracks=1, waiting=1)
        views.put("anna", "tracks", first, before=None, generation=1)
        views.put("anna", "tracks", view("b", 1, tracks=1, waiting=1), before=None, generation=1)
        views.put("anna", "mixes", view("m", 1, mixes=1), before=None, generation=1)
        views.put("anna", "tracks", view("a", 2, tracks=1, analyzed=1, seconds=300), before=first, generation=1)
        expected = {"analyzed": 1, "mixes": 1, "seconds": 300, "tracks": 2, "waiting": 1}
        assert views.statistics("anna") == expected
        assert views.statistics("bert") == {}

    def test_a_counter_that_has_come_back_to_zero_is_left_out(self, views: Views) -> None:
        first = view("a", 1, tracks=1)
        views.put("anna", "tracks", first, before=None, generation=1)
        views.put("anna", "tracks", view("a", 2, is_gone=True), before=first, generation=1)
        assert views.statistics("anna") == {}

    def test_a_counter_may_have_any_name(self, views: Views) -> None:
        views.put("anna", "tracks", View("a", 1, 1, {}, {"genre/drum & bass #1 'ü'": 2}), before=None, generation=1)
        assert views.statistics("anna") == {"genre/drum & bass #1 'ü'": 2}

    def test_all_views_come_in_the_order_of_their_ids_without_those_that_are_gone(self, views: Views) -> None:
        for number in (3, 1, 2):
            views.put("anna", "tracks", view(f"v{number}", 1), before=None, generation=1)
        views.put("anna", "tracks", view("v2", 2, is_gone=True), before=view("v2", 1), generation=1)
        assert [one.id for one in views.all("anna", "tracks")] == ["v1", "v3"]
        gone = views.get("anna", "tracks", "v2")
        assert gone is not None
        assert gone.is_gone

    def test_a_generation_is_built_beside_the_one_that_is_read(self, views: Views) -> None:
        old, new = view("a", 1, old=1), view("a", 2, new=1)
        views.put("anna", "tracks", old, before=None, generation=1)
        assert views.begin("anna") == 2
        assert views.generations("anna").written == (1, 2)
        views.put("anna", "tracks", new, before=None, generation=2)
        assert views.get("anna", "tracks", "a") == old
        assert views.get("anna", "tracks", "a", generation=2) == new
        assert views.switch("anna", 2) == 1
        assert views.generations("anna") == Generations(2)
        assert views.get("anna", "tracks", "a") == new
        assert views.statistics("anna") == {"new": 1}
        views.drop("anna", 1)
        assert views.get("anna", "tracks", "a", generation=1) is None
        assert views.statistics("anna", generation=1) == {}
        assert views.get("anna", "tracks", "a") == new

    def test_building_goes_on_where_it_was_interrupted(self, views: Views) -> None:
        assert [views.begin("anna"), views.begin("anna")] == [2, 2]
        views.switch("anna", 2)
        assert views.begin("anna") == 3

    def test_only_a_generation_that_was_built_is_read(self, views: Views) -> None:
        with pytest.raises(ViewConflict):
            views.switch("anna", 2)
        views.begin("anna")
        with pytest.raises(ViewConflict):
            views.switch("anna", 3)

    def test_a_generation_in_use_is_not_dropped(self, views: Views) -> None:
        views.begin("anna")
        for generation in (1, 2):
            with pytest.raises(ValueError, match="in use"):
                views.drop("anna", generation)

    def test_of_eight_who_put_the_same_view_one_counts(self, views: Views) -> None:
        barrier = threading.Barrier(8)

        def put(_: int) -> bool:
            barrier.wait()
            try:
                views.put("anna", "tracks", view("a", 1, tracks=1), before=None, generation=1)
            except ViewConflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(put, range(8))) == 1
        assert views.statistics("anna") == {"tracks": 1}

    def test_many_views_are_read_and_dropped(self, views: Views) -> None:
        for number in range(60):
            views.put("anna", "tracks", view(f"v{number:02d}", 1, tracks=1), before=None, generation=1)
        assert len(list(views.all("anna", "tracks"))) == 60
        assert views.statistics("anna") == {"tracks": 60}
        views.switch("anna", views.begin("anna"))
        views.drop("anna", 1)
        assert list(views.all("anna", "tracks", generation=1)) == []
