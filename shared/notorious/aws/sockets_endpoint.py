"""The management endpoint of a WebSocket API, called with little ado.

A message to two hundred listeners is two hundred requests. botocore's client spends most of what a message costs on
endpoint rules, serialising and hooks; here a request is signed, and sent over a connection that is kept.
"""

import os
import threading
from functools import cached_property
from typing import Any

from notorious.errors import NotoriousError

_CONNECTIONS = 32
_TIMEOUT_SECONDS = 10.0
_SERVICE = "execute-api"
GONE = 410


class NotDelivered(NotoriousError):
    """The endpoint refused a message for another reason than that nobody is there."""


class SocketsEndpoint:
    """`@connections` of one stage; threads may share it. `ask` returns the status that was answered."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.endpoint = endpoint
        self._region = region
        self._lock = threading.Lock()

    def ask(self, method: str, connection_id: str, body: bytes = b"") -> int:
        """Send one request about a connection. Raises `NotDelivered` for what is neither done nor gone."""
        from urllib.parse import quote

        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        address = f"{self.endpoint}/@connections/{quote(connection_id, safe='')}"
        request = AWSRequest(method=method, url=address, data=body)
        SigV4Auth(self._credentials(), _SERVICE, self._region).add_auth(request)
        answer = self._connections.request(method, address, body=body, headers=dict(request.headers.items()))
        if answer.status >= 400 and answer.status != GONE:
            raise NotDelivered(f"{self.endpoint} answered {answer.status} to {method}: {answer.data[:200]!r}")
        return int(answer.status)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.clear()

    def _credentials(self) -> Any:
        # Those of a function's role change while its process lives; the provider renews them.
        with self._lock:
            return self._provider.get_frozen_credentials()

    @cached_property
    def _provider(self) -> Any:
        import botocore.session

        found = botocore.session.Session().get_credentials()
        if found is None:
            raise NotDelivered("there are no AWS credentials to sign messages to listeners with")
        return found

    @cached_property
    def _connections(self) -> Any:
        import urllib3

        retries = urllib3.Retry(
            total=2, backoff_factor=0.1, status_forcelist=(429, 500, 502, 503), allowed_methods=None
        )
        return urllib3.PoolManager(
            maxsize=_CONNECTIONS, timeout=_TIMEOUT_SECONDS, retries=retries, ca_certs=os.environ.get("AWS_CA_BUNDLE")
        )
