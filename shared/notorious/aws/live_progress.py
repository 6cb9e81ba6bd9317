"""Progress in the live table: one item a job, to which every process adds its part."""

from datetime import datetime, timedelta
from typing import Any, Final

from notorious.aws.live_items import Item, LiveTable, expires, number, read_number, read_text, text
from notorious.service.ports import PHASES, Clock, ProgressDocument, ProgressStep
from notorious.service.progress import first_version, granted, mix_topic

KEPT: Final = timedelta(days=7)
_CONFLICTS: Final = 5


class LiveProgress:
    """See `service.ports.ProgressDocuments`."""

    def __init__(self, table: LiveTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def restart_progress(self, tenant: str, job: str) -> None:
        for _ in range(_CONFLICTS):
            before = self._table.get(_owner(tenant), job)
            version = first_version(self._clock.now()) if before is None else read_number(before, "version")
            fresh = {
                "version": number(int(version)),
                "attempt": number(int(read_number(before or {}, "attempt")) + 1),
                "phase_number": number(0),
                "expires_at": self._expires(),
            }
            if self._put_after(before, tenant, job, fresh):
                return

    def _put_after(self, before: Item | None, tenant: str, job: str, fresh: dict[str, Any]) -> bool:
        if before is None:
            return self._table.put_if(_owner(tenant), job, "attribute_not_exists(id)", {}, **fresh)
        if "told_at" in before:
            fresh["told_at"] = before["told_at"]
        return self._table.put_if(_owner(tenant), job, "version = :version", {":version": before["version"]}, **fresh)

    def advance(self, tenant: str, job: str, step: ProgressStep) -> ProgressDocument | None:
        from botocore.exceptions import ClientError

        phase = PHASES.index(step.phase) + 1
        try:
            done = self._table.client.update_item(
                TableName=self._table.table,
                Key=self._table.key(_owner(tenant), job),
                UpdateExpression="SET phase_number = :phase, #total = :total, detail = :detail, "
                "expires_at = :expires, attempt = if_not_exists(attempt, :one), #part = :current ADD version :one",
                ConditionExpression="attribute_not_exists(phase_number) OR phase_number <= :phase",
                ExpressionAttributeNames={"#total": "total", "#part": f"{_parts(phase)}{step.part}"},
                ExpressionAttributeValues={
                    ":phase": number(phase),
                    ":total": number(step.total),
                    ":detail": text(step.detail),
                    ":expires": self._expires(),
                    ":current": number(step.current),
                    ":one": number(1),
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return None
            raise
        return _document(job, done["Attributes"])

    def progress(self, tenant: str, job: str) -> ProgressDocument | None:
        found = self._table.get(_owner(tenant), job)
        return None if found is None or read_number(found, "phase_number") < 1 else _document(job, found)

    def claim_telling(self, tenant: str, job: str, *, now: datetime, seconds: float, may_wait: bool) -> float | None:
        from botocore.exceptions import ClientError

        for _ in range(_CONFLICTS):
            item = self._table.get(_owner(tenant), job) or {}
            before = read_number(item, "told_at") if "told_at" in item else None
            grant = granted(before, now.timestamp(), seconds=seconds, may_wait=may_wait)
            if grant is None:
                return None
            condition = "attribute_not_exists(told_at)" if before is None else "told_at = :before"
            values = {":at": number(grant[1])} | ({} if before is None else {":before": dict(item["told_at"])})
            try:
                self._table.client.update_item(
                    TableName=self._table.table,
                    Key=self._table.key(_owner(tenant), job),
                    UpdateExpression="SET told_at = :at",
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
                continue
            return grant[0]
        return None

    def _expires(self) -> dict[str, str]:
        return expires(self._clock.now() + KEPT)


def _owner(tenant: str) -> str:
    return f"{tenant}#progress"


def _parts(phase: int) -> str:
    """What the names of the attributes begin with that hold the parts of a phase."""
    return f"part#{phase}#"


def _document(job: str, item: Item) -> ProgressDocument:
    phase = int(read_number(item, "phase_number"))
    total = read_number(item, "total")
    current = sum(read_number(item, name) for name in item if name.startswith(_parts(phase)))
    return ProgressDocument(
        topic=mix_topic(job),
        version=int(read_number(item, "version")),
        attempt=int(read_number(item, "attempt", 1)),
        phase=PHASES[phase - 1],
        current=min(current, total),
        total=total,
        detail=read_text(item, "detail"),
    )
