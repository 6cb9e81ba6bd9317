"""The management endpoint of a WebSocket API, called with little ado.

A message to two hundred listeners is two hundred requests. botocore's client and its HTTP session spend most of what
one costs (1 ms and more) on endpoint rules, serialising and hooks; here a request is signed by botocore, and sent by
urllib3 over a connection that is kept (0.2 ms).
"""

import random
import threading
import time
from functools import cached_property
from typing import Any

from notorious.errors import NotoriousError

_CONNECTIONS = 32
_TIMEOUT_SECONDS = 10.0
_SERVICE = "execute-api"
GONE = 410
_TRY_AGAIN = (429, 500, 502, 503)
_WAITS_SECONDS = (0.1, 0.4)
_ONCE_MORE = 1


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
        for wait_seconds in (*_WAITS_SECONDS, None):
            request = AWSRequest(method=method, url=address, data=body)
            SigV4Auth(self._credentials(), _SERVICE, self._region).add_auth(request)
            answer = self._send(method, address, body, dict(request.headers.items()))
            if answer.status < 400 or answer.status == GONE:
                return int(answer.status)
            if answer.status not in _TRY_AGAIN or wait_seconds is None:
                break
            time.sleep(random.uniform(0, wait_seconds))
        raise NotDelivered(f"{self.endpoint} answered {answer.status} to {method}: {answer.data[:200]!r}")

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.close()

    def _send(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> Any:
        from urllib.parse import urlsplit

        from urllib3.exceptions import HTTPError

        try:
            # A connection that the other side has closed meanwhile is replaced by a new one, once.
            return self._connections.urlopen(
                method, urlsplit(address).path, body=body, headers=headers, retries=_ONCE_MORE, redirect=False
            )
        except HTTPError as error:
            raise NotDelivered(f"{self.endpoint} does not answer: {error}") from error

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
        from botocore.httpsession import get_cert_path

        trust = {"ca_certs": get_cert_path(True)} if self.endpoint.startswith("https:") else {}
        return urllib3.connection_from_url(self.endpoint, maxsize=_CONNECTIONS, timeout=_TIMEOUT_SECONDS, **trust)
