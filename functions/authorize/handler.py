"""Who may open a WebSocket: whoever brings a ticket that nobody has used yet."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notorious.aws import bootstrap
from notorious.aws.handling import count, watched


@watched
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    ticket = (event.get("queryStringParameters") or {}).get("ticket", "")
    found = bootstrap.live().redeem_ticket(ticket, now=bootstrap.clock().now()) if ticket else None
    count("TicketsTaken" if found else "TicketsRefused")
    answer: dict[str, Any] = {
        "principalId": found.user if found else "nobody",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow" if found else "Deny",
                    "Resource": event["methodArn"],
                }
            ],
        },
    }
    if found:
        answer["context"] = {"tenant": found.tenant, "user": found.user}
    return answer
