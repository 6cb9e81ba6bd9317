"""A plan was approved → the workflow that waits for it goes on."""

from notorious.aws import bootstrap
from notorious.aws.handling import announced, logger
from notorious.domain import Recorded
from notorious.service.approval import resume_approved


@announced
def handler(recorded: Recorded) -> None:
    resumed = resume_approved(
        recorded.tenant, recorded.stream.id, tokens=bootstrap.live(), workflows=bootstrap.workflows()
    )
    logger.info("the workflow goes on" if resumed else "no workflow waits for this approval")
