"""What can go wrong, as one tree.

    NotoriousError                   exit code 1
    ├── InputError                   2   what was given cannot be used
    │   ├── BriefError                   a wish for the set that cannot be meant
    │   └── PlanError                    a plan that does not hold together, or no longer fits its files
    ├── AudioError                   3   one file's audio cannot be used; a run goes on without it
    │   ├── UnreadableAudio              no decoder can read it (not audio, encrypted, header broken)
    │   └── UnusableAudio                it decodes, but there is nothing to mix (silent, too short)
    ├── NothingToMix                 4   no track is left
    ├── OutputError                  5   the result cannot be written
    │   ├── OutputExists                 something is there already, and overwriting was not asked for
    │   └── OutputFailed                 the disk is full, the folder is missing or may not be written
    ├── NetworkError                 6   a network cannot be installed, or an installed one cannot be run
    ├── ServiceError                 7   the service on this machine cannot run, or cannot be reached
    │   ├── PortTaken                    another program listens on the port
    │   ├── DataFolderInUse              another service holds the data folder
    │   ├── DataFolderUnusable           it cannot be made, written or locked, or is of a later version
    │   ├── UnexpectedEmulator           the embedded emulator is missing, or is not the version that is mended
    │   ├── TemplateMissing              there is no packaged template, or it is broken
    │   ├── DeploymentFailed             the emulator refused the template
    │   ├── NotServing                   no service runs where it was looked for
    │   └── RequestFailed                a running service answered with an error
    └── Cancelled                  130   whoever started it stopped it

Every message says what was tried, on what, why it failed, and what to do.
"""

from pathlib import Path


class NotoriousError(Exception):
    """Anything that Notorious reports on purpose; `exit_code` is what the program returns for it."""

    exit_code = 1


class InputError(NotoriousError):
    """What was given cannot be used."""

    exit_code = 2


class BriefError(InputError):
    """A wish for the set that cannot be meant: a negative length, an unknown curve, a plateau that ends before
    it starts."""


class PlanError(InputError):
    """A plan file that does not hold together, or whose audio files are gone or changed."""


class AudioError(NotoriousError):
    """One file's audio cannot be used; `path` and `reason` say which and why."""

    exit_code = 3

    def __init__(self, path: Path | str, reason: str, remedy: str = "") -> None:
        self.path = Path(path)
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{self.path}: {reason}" + (f" ({remedy})" if remedy else ""))

    def __reduce__(self) -> tuple[type["AudioError"], tuple[Path, str, str]]:
        return type(self), (self.path, self.reason, self.remedy)


class UnreadableAudio(AudioError):
    """No decoder can read it: not audio, encrypted, or its header is broken."""


class UnusableAudio(AudioError):
    """It decodes, but holds nothing to mix: it is silent, or too short."""


class NothingToMix(NotoriousError):
    """No track is left to make a set of."""

    exit_code = 4


class OutputError(NotoriousError):
    """The result cannot be written."""

    exit_code = 5


class OutputExists(OutputError):
    """Something is there already, and overwriting was not asked for."""


class OutputFailed(OutputError):
    """The disk is full, the folder is missing or may not be written."""


class NetworkError(NotoriousError):
    """A network cannot be fetched, converted or kept; or one that is installed cannot be run."""

    exit_code = 6


class ServiceError(NotoriousError):
    """The service on this machine cannot run, or cannot be reached."""

    exit_code = 7


class PortTaken(ServiceError):
    """Another program listens on the port."""


class DataFolderInUse(ServiceError):
    """Another running service holds the data folder."""


class DataFolderUnusable(ServiceError):
    """The data folder cannot be made, written or locked, or a later version wrote it."""


class UnexpectedEmulator(ServiceError):
    """The embedded emulator is missing, or is not the version whose defects are mended here."""


class TemplateMissing(ServiceError):
    """There is no packaged template, or it is broken."""


class DeploymentFailed(ServiceError):
    """The emulator refused the template; the message names the resource and its reason."""


class NotServing(ServiceError):
    """No service runs where it was looked for."""


class RequestFailed(ServiceError):
    """A running service answered with an error."""


class Cancelled(NotoriousError):
    """Whoever started the run stopped it."""

    exit_code = 130
