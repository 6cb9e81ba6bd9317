"""Messages that nobody could deal with go back to where they came from.

A dead-letter queue `notorious-STAGE-NAME-dead` belongs to the function NAME. Its messages go back to the queue
`notorious-STAGE-NAME` where there is one; otherwise the function is called with them, as the bus or the schedule would
have called it. Each message is sent first and deleted afterwards, so that none is lost when this is stopped; one may
be seen twice, which all functions are made for. (The embedded emulator has no StartMessageMoveTask; this works there
and on AWS.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from notorious.errors import RequestFailed

DEAD = "-dead"
_PER_REQUEST = 10
# Long enough to send ten messages on; a message that was not deleted in that time is seen again.
_HIDDEN_SECONDS = 60


@dataclass(frozen=True)
class DeadLetters:
    """A dead-letter queue and how many messages lie in it."""

    function: str
    url: str
    count: int


def dead_letters(queues: Any, stage: str) -> tuple[DeadLetters, ...]:
    """All dead-letter queues of a stage, by function. `queues` is a client of SQS."""
    prefix = f"notorious-{stage}-"
    found = []
    for page in queues.get_paginator("list_queues").paginate(QueueNamePrefix=prefix):
        for url in page.get("QueueUrls", []):
            name = url.rsplit("/", 1)[1]
            if name.endswith(DEAD):
                answer = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
                count = int(answer["Attributes"]["ApproximateNumberOfMessages"])
                found.append(DeadLetters(name.removeprefix(prefix).removesuffix(DEAD), url, count))
    return tuple(sorted(found, key=lambda letters: letters.function))


def redrive(queues: Any, functions: Any, stage: str, letters: DeadLetters) -> int:
    """Send the messages of one dead-letter queue back; returns how many. Clients of SQS and Lambda are given."""
    send = _way_back(queues, functions, f"notorious-{stage}-{letters.function}")
    count = 0
    # Not "until it is empty": what fails again while this runs comes back here, and would go round for ever.
    while count < letters.count:
        answer = queues.receive_message(
            QueueUrl=letters.url,
            MaxNumberOfMessages=min(_PER_REQUEST, letters.count - count),
            VisibilityTimeout=_HIDDEN_SECONDS,
        )
        messages = answer.get("Messages", [])
        if not messages:
            break
        for message in messages:
            send(message["Body"])
            queues.delete_message(QueueUrl=letters.url, ReceiptHandle=message["ReceiptHandle"])
            count += 1
    return count


def _way_back(queues: Any, functions: Any, name: str) -> Callable[[str], None]:
    from botocore.exceptions import ClientError

    try:
        url = queues.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if not error.response["Error"]["Code"].endswith(("NonExistentQueue", "QueueDoesNotExist")):
            raise RequestFailed(f"The queue {name} cannot be asked for: {error}") from error
        return lambda body: functions.invoke(FunctionName=name, InvocationType="Event", Payload=body.encode())
    return lambda body: queues.send_message(QueueUrl=url, MessageBody=body)
