"""`notorious serve`: the service on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notorious.cli import exit_codes, options

if TYPE_CHECKING:
    from notorious.embedded.supervisor import Addresses

DEFAULT_PORT = 4560


def serve(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the service's data; made if need be.")],
    drop: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder to watch: files put there enter the library.")
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port; 0 takes any free one.")
    ] = DEFAULT_PORT,
    template: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Deploy this template instead of the packaged one.")
    ] = None,
    json: options.Json = False,
) -> int:
    """Run the service on this machine: HTTPS API and WebSockets as on AWS, on 127.0.0.1, until Ctrl-C."""
    from notorious.cli.journal import open_journal
    from notorious.embedded.supervisor import Supervisor, Wishes
    from notorious.embedded.template import PACKAGED

    wishes = Wishes(data=data, port=port, drop=drop, template=template or PACKAGED)
    supervisor = Supervisor(wishes, open_journal=open_journal)
    try:
        addresses = supervisor.start()
        _print(addresses, drop, as_json=json)
        supervisor.wait()
    except KeyboardInterrupt:
        pass  # while it was coming up
    finally:
        supervisor.stop()
    return exit_codes.OK


def _print(addresses: "Addresses", drop: Path | None, *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    if as_json:
        print(json.dumps(asdict(addresses)), flush=True)
        return
    lines = [
        f"API            {addresses.api}",
        f"WebSockets     {addresses.sockets}",
        f"Documentation  {addresses.documentation}",
        f"Token          {addresses.token}",
    ]
    if drop is not None:
        lines.append(f"Drop folder    {drop}")
    lines.append("Ctrl-C stops it.")
    print("\n".join(lines), flush=True)
