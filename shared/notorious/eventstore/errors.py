"""What can go wrong between a command and the store.

StoreError
├── VersionConflict       somebody else appended to the stream first
├── StoreIsBusy           too many writers at once: the bounded number of attempts is used up
├── EventTooLarge         an event beyond what the bus carries; its data belongs into the bucket
├── FeedGap               records put back do not follow on those that are there
├── RecordsDiffer         records put back contradict those that are there
└── UnknownEvent          a type or schema version that this program does not know
"""

from notorious.errors import NotoriousError


class StoreError(NotoriousError):
    """The event store cannot do what it was asked."""


class VersionConflict(StoreError):
    """The stream is not at the version that the append expected."""


class StoreIsBusy(StoreError):
    """Other writers were faster, time after time; nothing was appended."""


class EventTooLarge(StoreError):
    """An event, or the number of events in one append, beyond what one transaction and one bus entry carry."""


class FeedGap(StoreError):
    """Records put back begin after the next feed position; `expected` is that position."""

    def __init__(self, message: str, *, expected: int) -> None:
        super().__init__(message)
        self.expected = expected


class RecordsDiffer(StoreError):
    """Another record lies where one is to be put back: the two histories are not the same."""


class UnknownEvent(StoreError):
    """An event whose type or schema version is not in the catalogue, or whose data do not fit its schema."""
