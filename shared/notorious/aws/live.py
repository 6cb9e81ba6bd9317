"""The live table: all that is short-lived. See `service.ports.Live`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from notorious.aws.live_items import LiveTable, expires, number, read_number, read_text, text
from notorious.aws.live_listeners import LiveListeners
from notorious.aws.live_progress import LiveProgress
from notorious.service.ports import Clock
from notorious.service.rate_bucket import Bucket, take

JOBS_KEPT: Final = timedelta(days=30)
BUCKETS_KEPT: Final = timedelta(hours=1)
_BUCKET_CONFLICTS: Final = 25
"""A page that opens asks for a dozen things at once; none of them is to be told to wait because of the others."""
_BUSY_SECONDS: Final = 0.1


class DynamoLive(LiveProgress, LiveListeners):
    """All of `service.ports.Live` in one DynamoDB table."""

    def __init__(self, client: Any, table: str, clock: Clock) -> None:
        self._table = LiveTable(client, table)
        self._clock = clock

    # -- tokens of workflows that wait for an approval ---------------------------------------------------------------

    def keep_approval_token(self, tenant: str, mix: str, token: str, *, expires: datetime) -> None:
        self._table.put(f"{tenant}#approval", mix, token=text(token), expires_at=_expires(expires))

    def approval_token(self, tenant: str, mix: str) -> str | None:
        found = self._table.get(f"{tenant}#approval", mix)
        return None if found is None else read_text(found, "token")

    def forget_approval_token(self, tenant: str, mix: str) -> None:
        self._table.delete(f"{tenant}#approval", mix)

    # -- mixes under way -----------------------------------------------------------------------------------------------

    def note_job(self, tenant: str, mix: str) -> None:
        self._table.put("jobs", f"{tenant}/{mix}", expires_at=_expires(self._clock.now() + JOBS_KEPT))

    def forget_job(self, tenant: str, mix: str) -> None:
        self._table.delete("jobs", f"{tenant}/{mix}")

    def jobs(self) -> Iterator[tuple[str, str]]:
        for item in self._table.items("jobs"):
            tenant, _, mix = read_text(item, "id").partition("/")
            yield tenant, mix

    # -- rate limits ---------------------------------------------------------------------------------------------------

    def take_token(self, tenant: str, user: str, *, per_second: float, burst: float, now: datetime) -> float:
        """Where others keep changing the bucket in between, the answer is to wait a moment."""
        for _ in range(_BUCKET_CONFLICTS):
            found = self._table.get(f"{tenant}#bucket", user)
            before = None if found is None else Bucket(read_number(found, "left_over"), read_number(found, "taken_at"))
            wait, after = take(before, now=now.timestamp(), per_second=per_second, burst=burst)
            if found is None:
                condition, values = "attribute_not_exists(id)", {}
            else:
                condition = "left_over = :left_over AND taken_at = :taken_at"
                values = {":left_over": found["left_over"], ":taken_at": found["taken_at"]}
            if self._put_bucket(tenant, user, after, condition, values, now):
                return wait
        return _BUSY_SECONDS

    def _put_bucket(self, tenant: str, user: str, after: Bucket, condition: str, values: Any, now: datetime) -> bool:
        return self._table.put_if(
            f"{tenant}#bucket",
            user,
            condition,
            values,
            left_over=number(after.tokens),
            taken_at=number(after.at),
            expires_at=_expires(now + BUCKETS_KEPT),
        )


_expires = expires
