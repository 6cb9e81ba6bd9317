"""Files to download: signed addresses of what references name."""

from notorious.aws.http.bodies import FileOut
from notorious.aws.http.routing import LISTED_SECONDS
from notorious.aws.http.world import World
from notorious.domain import Reference


def file_of(world: World, name: str, file_name: str, reference: Reference) -> FileOut:
    """A signed address of what a reference names, saved as `file_name`."""
    return FileOut(
        name=name,
        file_name=file_name,
        url=world.objects.download_address(reference.key, seconds=LISTED_SECONDS, file_name=file_name),
        size_bytes=reference.size_bytes,
        sha256=reference.sha256,
        expires_seconds=LISTED_SECONDS,
    )
