"""Who may use the service on one machine, and the tokens that say so.

Users are kept in DATA/users.json, for its owner's eyes only, and are made anew in the emulator's user pool at every
start. The first start makes one, `dj` of the tenant `local`. A tenant is the owner of one library; the API takes it
from the token's claim `custom:tenant` and from nowhere else.
"""

import json
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from notorious.embedded.data_folder import write_durably
from notorious.embedded.deploy import Deployed
from notorious.embedded.emulator import Access
from notorious.errors import DataFolderUnusable, InputError

FIRST_NAME = "dj"
FIRST_TENANT = "local"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class User:
    """One who may log in."""

    name: str
    tenant: str
    password: str


def new_user(name: str, tenant: str) -> User:
    """A user with a drawn password. Raises `InputError` for a name or tenant that cannot be part of a key."""
    for what, text in (("name", name), ("tenant", tenant)):
        if not _NAME.fullmatch(text):
            raise InputError(f"The {what} {text!r} of a user has to be small letters, digits, - and _ (63 at most)")
    # The pool asks for capitals, small letters, digits and signs.
    return User(name, tenant, secrets.token_urlsafe(24) + "aA1!")


def read_users(path: Path) -> tuple[User, ...]:
    """The users of a data folder; where there are none yet, the first one is made."""
    try:
        users = tuple(User(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        users = (new_user(FIRST_NAME, FIRST_TENANT),)
        write_users(path, users)
    except (ValueError, TypeError) as error:
        raise DataFolderUnusable(f"The list of users {path} cannot be read: {error}. Mend it, or remove it.") from error
    return users


def write_users(path: Path, users: tuple[User, ...]) -> None:
    """Replace the list of users."""
    write_durably(path, json.dumps([asdict(user) for user in users], indent=2).encode())


def enrol(access: Access, pool: str, user: User) -> None:
    """Make a user in the user pool."""
    identities: Any = access.client("cognito-idp")
    identities.admin_create_user(
        UserPoolId=pool,
        Username=user.name,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "custom:tenant", "Value": user.tenant}],
    )
    identities.admin_set_user_password(UserPoolId=pool, Username=user.name, Password=user.password, Permanent=True)


def token(access: Access, deployed: Deployed, user: User) -> str:
    """A token for the API, as one gets by logging in; it holds for as long as the pool's client says (a day)."""
    return issue_token(access, deployed.output("UserPoolClientId"), user)


def issue_token(access: Access, client_id: str, user: User) -> str:
    """A token for the API from the user pool's client."""
    identities: Any = access.client("cognito-idp")
    answer = identities.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.name, "PASSWORD": user.password},
    )
    return str(answer["AuthenticationResult"]["IdToken"])
