"""A token bucket: so many requests a second on average, so many at once at most."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bucket:
    """What is in a bucket at a moment [seconds since the epoch]."""

    tokens: float
    at: float


def take(bucket: Bucket | None, *, now: float, per_second: float, burst: float) -> tuple[float, Bucket]:
    """Take one token: (seconds to wait until there is one, 0 where it was taken; the bucket afterwards).

    A bucket that nobody has used is full. A clock that lags behind the last one adds nothing.
    """
    if bucket is None:
        bucket = Bucket(burst, now)
    tokens = min(burst, bucket.tokens + max(0.0, now - bucket.at) * per_second)
    at = max(now, bucket.at)
    if tokens >= 1.0:
        return 0.0, Bucket(tokens - 1.0, at)
    return (1.0 - tokens) / per_second, Bucket(tokens, at)
