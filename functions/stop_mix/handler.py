"""A mix was cancelled → its workflow stops; who is at work on it sees the cancellation by itself."""

from notorious.aws import bootstrap
from notorious.aws.handling import announced
from notorious.domain import Recorded
from notorious.service.executions import stop


@announced
def handler(recorded: Recorded) -> None:
    mix = recorded.stream.id
    stop(bootstrap.workflows(), bootstrap.objects(), recorded.tenant, mix, reason=f"{recorded.actor} cancelled the mix")
    bootstrap.live().forget_job(recorded.tenant, mix)
