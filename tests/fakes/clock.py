"""Time that passes only when somebody sleeps, or when a test says so."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """See `service.ports.Clock`."""

    def __init__(self, start: datetime = datetime(2026, 5, 1, 20, 0, tzinfo=UTC)) -> None:
        self._now = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_seconds(seconds)

    def pass_seconds(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
