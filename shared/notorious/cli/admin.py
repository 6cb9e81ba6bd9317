"""`notorious admin`: look after a service."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notorious.cli import exit_codes

if TYPE_CHECKING:
    from notorious.cli.deployment import Deployment

admin = typer.Typer(
    name="admin",
    help="Look after a service: on this machine (--data DIR) or on AWS (--stage NAME).",
    no_args_is_help=True,
)

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder of the service on this machine.")]
Stage = Annotated[str | None, typer.Option("--stage", metavar="NAME", help="Stage on AWS: dev, prod.")]
Tenant = Annotated[
    str | None, typer.Option("--tenant", metavar="TENANT", help="Only this tenant.", show_default="all tenants")
]


@admin.command()
def status(data: Data = None, stage: Stage = None) -> int:
    """Print where the service is, how many events each tenant has, and what lies in the dead-letter queues."""
    from notorious.cli.deployment import deployment
    from notorious.embedded.redrive import dead_letters

    found = deployment(data, stage)
    if found.service is not None:
        for what, address in found.service.addresses.items():
            print(f"{what:<14} {address}")
    with _events(found) as events:
        for tenant in events.tenants():
            print(f"tenant {tenant:<14} {events.head(tenant):>8} events")
    for letters in dead_letters(found.client("sqs"), found.stage):
        if letters.count:
            print(f"dead letters of {letters.function}: {letters.count}")
    return exit_codes.OK


@admin.command()
def token(
    data: Data = None,
    name: Annotated[str | None, typer.Option("--user", metavar="NAME", help="The user.", show_default="dj")] = None,
) -> int:
    """Print a new token for the API of the service on this machine; it holds for a day."""
    from notorious.embedded.users import FIRST_NAME, issue_token, read_users
    from notorious.errors import InputError

    service = _on_this_machine(data)
    users = read_users(service.folder.users)
    wanted = next((user for user in users if user.name == (name or FIRST_NAME)), None)
    if wanted is None:
        raise InputError(f"There is no user {name!r}. There are: {', '.join(user.name for user in users)}")
    print(issue_token(service.access, service.outputs["UserPoolClientId"], wanted))
    return exit_codes.OK


@admin.command("add-user")
def add_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    tenant: Annotated[str, typer.Option(metavar="TENANT", help="Whose library the user works with.")],
    data: Data = None,
) -> int:
    """Let someone else use the service on this machine, and print a token. A tenant owns a library of its own."""
    from notorious.embedded.users import enrol, issue_token, new_user, read_users, write_users
    from notorious.errors import InputError

    service = _on_this_machine(data)
    users = read_users(service.folder.users)
    if any(user.name == name for user in users):
        raise InputError(f"There is a user {name} already; `notorious admin token --user {name}` prints a token")
    user = new_user(name, tenant)
    enrol(service.access, service.outputs["UserPoolId"], user)
    write_users(service.folder.users, (*users, user))
    print(issue_token(service.access, service.outputs["UserPoolClientId"], user))
    return exit_codes.OK


@admin.command()
def rebuild(data: Data = None, stage: Stage = None, tenant: Tenant = None) -> int:
    """Make all views anew from the events, while the service runs; readers see the old ones until it is done."""
    from notorious.aws import bootstrap
    from notorious.cli.deployment import deployment
    from notorious.eventstore.projector import rebuild as rebuild_views

    with _events(deployment(data, stage)) as events:
        for one in [tenant] if tenant else events.tenants():
            count = rebuild_views(events, bootstrap.views(), one)
            print(f"tenant {one}: {count} views made anew")
    return exit_codes.OK


@admin.command()
def archive(data: Data = None, stage: Stage = None, tenant: Tenant = None) -> int:
    """Write the events that are not archived yet to the bucket, under archive/."""
    from notorious.aws import bootstrap
    from notorious.cli.deployment import deployment
    from notorious.eventstore.archive import archive as write_archive

    with _events(deployment(data, stage)) as events:
        for one in [tenant] if tenant else events.tenants():
            print(f"tenant {one}: {write_archive(events, bootstrap.objects(), one)}")
    return exit_codes.OK


@admin.command()
def restore(data: Data = None, stage: Stage = None, tenant: Tenant = None) -> int:
    """Bring the archived events back into a deployment that lacks them, and make its views."""
    from notorious.aws import bootstrap
    from notorious.cli.deployment import deployment
    from notorious.eventstore.archive import archived_tenants
    from notorious.eventstore.archive import restore as read_archive
    from notorious.eventstore.projector import rebuild as rebuild_views

    with _events(deployment(data, stage)) as events:
        for one in [tenant] if tenant else archived_tenants(bootstrap.objects()):
            print(f"tenant {one}: {read_archive(bootstrap.objects(), events, one)}")
            rebuild_views(events, bootstrap.views(), one)
    return exit_codes.OK


@admin.command()
def redrive(
    functions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FUNCTION]...", help="Only the dead letters of these functions.", show_default="all"),
    ] = None,
    data: Data = None,
    stage: Stage = None,
) -> int:
    """Send the messages in the dead-letter queues back to where they came from."""
    from notorious.cli.deployment import deployment
    from notorious.embedded.redrive import dead_letters
    from notorious.embedded.redrive import redrive as send_back
    from notorious.errors import InputError

    found = deployment(data, stage)
    queues = found.client("sqs")
    all_letters = {letters.function: letters for letters in dead_letters(queues, found.stage)}
    unknown = sorted(set(functions or ()) - set(all_letters))
    if unknown:
        raise InputError(f"No dead-letter queue belongs to {', '.join(unknown)}. There are: {', '.join(all_letters)}")
    for name in functions or all_letters:
        if all_letters[name].count:
            count = send_back(queues, found.client("lambda"), found.stage, all_letters[name])
            print(f"{name}: {count} of {all_letters[name].count} messages sent back")
    return exit_codes.OK


@contextmanager
def _events(found: "Deployment") -> Iterator[Any]:
    """The event store of a deployment, as its functions have it."""
    from notorious.aws import bootstrap

    with found.as_a_function_sees_it():
        yield bootstrap.events()


def _on_this_machine(data: Path | None) -> Any:
    from notorious.embedded.reach import reach
    from notorious.errors import InputError

    if data is None:
        raise InputError("Name the service on this machine with --data DIR")
    return reach(data)
