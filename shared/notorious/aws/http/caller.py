"""Who asks: the user and the tenant, from the verified token and nowhere else.

API Gateway checks the token's signature, issuer, audience and time before the function is called, and hands on its
claims. Cognito's id token carries `custom:tenant`, which only an administrator can set; an access token does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notorious.aws.http.problems import Problem
from notorious.domain import check_tenant


@dataclass(frozen=True)
class Caller:
    """A user of a tenant. `request_id` names this request in the log."""

    tenant: str
    user: str
    request_id: str

    @property
    def actor(self) -> str:
        """How events name him."""
        return f"user:{self.user}"


def caller_of(event: Mapping[str, Any]) -> Caller:
    """Who asks, by an event of API Gateway. Raises Problem (401, 403)."""
    context = event.get("requestContext", {})
    claims = context.get("authorizer", {}).get("jwt", {}).get("claims", {})
    user = claims.get("sub")
    if not user:
        raise Problem(401, "not-signed-in", "No token", "send `Authorization: Bearer TOKEN` with the id token")
    try:
        tenant = check_tenant(str(claims.get("custom:tenant", "")))
    except ValueError as error:
        raise Problem(
            403,
            "no-tenant",
            "The token names no tenant",
            "send the id token, not the access token; if it is the id token, an administrator has to give this user "
            "a tenant",
        ) from error
    return Caller(tenant, str(user), str(context.get("requestId", "")))
