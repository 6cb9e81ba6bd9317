"""Stems are wanted (StemsRequested) → their separation begins, once."""

from notorious.aws import bootstrap
from notorious.aws.handling import announced, logger
from notorious.domain import Recorded
from notorious.service.separate_stems import submit_stems


@announced
def handler(recorded: Recorded) -> None:
    begun = submit_stems(recorded, store=bootstrap.events(), separation=bootstrap.separation())
    logger.info("a separation begins" if begun else "the separation had begun before, or is no longer wanted")
