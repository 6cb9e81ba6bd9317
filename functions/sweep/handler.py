"""On a schedule, and when the embedded stack starts: what was left in the middle goes on, or fails with the reason."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import count, logger, watched
from notorious.service.library_view import library_tracks, mix_rows
from notorious.service.sweep import Swept, is_thorough, sweep_connections, sweep_everything, sweep_jobs


@watched
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    reason = str(event.get("reason", "schedule"))
    swept = _everything(after_crash=reason == "start") if is_thorough(reason, bootstrap.clock().now()) else _jobs()
    logger.info("swept", extra={"reason": reason, **asdict(swept)})
    count("MixesBegunAgain", len(swept.begun_again))
    count("MixesFailedBySweep", len(swept.failed))
    return asdict(swept)


def _jobs() -> Swept:
    return sweep_jobs(
        store=bootstrap.events(), objects=bootstrap.objects(), live=bootstrap.live(), workflows=bootstrap.workflows()
    )


def _everything(*, after_crash: bool) -> Swept:
    views = bootstrap.views()
    swept = sweep_everything(
        store=bootstrap.events(),
        objects=bootstrap.objects(),
        live=bootstrap.live(),
        workflows=bootstrap.workflows(),
        queue=bootstrap.queue(),
        clock=bootstrap.clock(),
        mixes=lambda tenant: mix_rows(views, tenant),
        tracks=lambda tenant: library_tracks(views, tenant),
        after_crash=after_crash,
    )
    swept.dead_connections = sweep_connections(bootstrap.live(), bootstrap.sockets())
    return swept
