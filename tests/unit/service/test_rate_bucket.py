"""Token buckets, in arithmetic."""

from hypothesis import given
from hypothesis import strategies as st

from notorious.service.rate_bucket import Bucket, take


def test_a_fresh_bucket_gives_its_burst_at_once_and_then_makes_wait() -> None:
    bucket = None
    waits = []
    for _ in range(4):
        wait, bucket = take(bucket, now=100.0, per_second=2.0, burst=3.0)
        waits.append(wait)
    assert waits == [0.0, 0.0, 0.0, 0.5]


def test_waiting_as_long_as_it_says_is_enough() -> None:
    wait, bucket = take(Bucket(0.25, 100.0), now=100.0, per_second=2.0, burst=3.0)
    assert wait == 0.375
    assert take(bucket, now=100.0 + wait, per_second=2.0, burst=3.0)[0] == 0.0


def test_a_clock_that_lags_behind_adds_nothing() -> None:
    wait, bucket = take(Bucket(0.0, 100.0), now=90.0, per_second=2.0, burst=3.0)
    assert wait == 0.5
    assert bucket.at == 100.0


@given(pauses=st.lists(st.floats(0, 3), max_size=60))
def test_no_more_than_the_rate_and_one_burst_is_ever_granted(pauses: list[float]) -> None:
    bucket, now, granted = None, 0.0, 0
    for pause in pauses:
        now += pause
        wait, bucket = take(bucket, now=now, per_second=2.0, burst=5.0)
        granted += wait == 0.0
    assert granted <= 5 + 2.0 * now + 1e-6
