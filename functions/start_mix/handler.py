"""A mix is wanted (MixRequested, or PlanEdited after it had ended) → its workflow begins, once."""

from notorious.aws import bootstrap
from notorious.aws.handling import announced, logger
from notorious.domain import Recorded
from notorious.domain.mix_events import MixRequested, PlanEdited
from notorious.eventstore import event_of
from notorious.service.executions import begin, run_name


@announced
def handler(recorded: Recorded) -> None:
    event = event_of(recorded)
    mix = recorded.stream.id
    if isinstance(event, MixRequested):
        run = run_name(mix)
    elif isinstance(event, PlanEdited) and event.renders_again:
        run = run_name(mix, event.revision)
    else:
        return
    bootstrap.live().note_job(recorded.tenant, mix)
    started = begin(bootstrap.workflows(), bootstrap.objects(), recorded.tenant, mix, run=run)
    logger.info("a mix begins" if started else "the mix had begun before", extra={"run": run})
