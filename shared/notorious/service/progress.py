"""How far a job is: a throttled, versioned document, and its listeners told at most twice a second.

Progress is not an event. A process reports as often as it likes; what it says is written at most twice a second, and
always when the phase changes and at the end. Many processes may work on one phase (the voices of a mix): each writes
its own part of the document, and they agree in the document itself on who tells the listeners when:

    voice 3  ── write ── claim: granted, now ──────────▶ tell
    voice 4      ── write ── claim: too soon ─┐ (goes on working, claims again with its next report)
    voice 5 (ends)  ── write ── claim: granted, in 0.4 s ───────▶ tell: the latest document, voice 4's step included
    voice 6 (ends)      ── write ── claim: somebody will ─┘ leaves

So the last step is always told, and nobody waits longer than half a second for it.
"""

from datetime import datetime
from types import TracebackType
from typing import Self

from notorious.service.ports import Clock, Notifier, Phase, ProgressDocuments, ProgressStep

LEAST_SECONDS = 0.5
"""Between two documents of one process, and between two tellings of one job."""


def granted(told_at: float | None, now: float, *, seconds: float, may_wait: bool) -> tuple[float, float] | None:
    """Whether a telling is granted to whoever asks: (seconds to wait, the moment of the telling), or None.

    told_at : the moment of the latest telling that was granted, past or to come [seconds]
    """
    if told_at is None or told_at <= now - seconds:
        return 0.0, now
    if may_wait and told_at <= now:
        return told_at + seconds - now, told_at + seconds
    return None


def first_version(now: datetime) -> int:
    """Behind which number the documents of a job are counted: milliseconds since the epoch.

    The live table may be lost (it begins empty whenever the embedded stack starts), and a listener who has seen number
    n passes over what is older. No job writes a thousand documents a second, so whatever comes later has a higher one.
    """
    return int(now.timestamp() * 1000)


def mix_topic(mix: str) -> str:
    """What one subscribes to in order to follow a mix."""
    return f"mix/{mix}"


class Progress:
    """The progress of one job as one process reports it. Use it as a context manager: its end writes what is pending.

    `part` names what this process does of the phase, where others do the rest.
    """

    def __init__(
        self,
        documents: ProgressDocuments,
        notifier: Notifier,
        clock: Clock,
        *,
        tenant: str,
        mix: str,
        part: str = "",
    ) -> None:
        self._documents = documents
        self._notifier = notifier
        self._clock = clock
        self._tenant = tenant
        self._mix = mix
        self._part = part
        self._phase: Phase | None = None
        self._written_at: float | None = None
        self._pending: ProgressStep | None = None
        self._untold = False

    def report(self, phase: Phase, current: float, total: float, detail: str = "") -> None:
        """Say how far this process is: `current` of `total`, where `total` is that of the whole phase."""
        now = self._clock.now().timestamp()
        if self._pending is not None and self._pending.phase != phase:
            self._write(now)  # the last of a phase is not lost to the first of the next
        self._pending = ProgressStep(phase, current, total, self._part, detail)
        if phase == self._phase and self._written_at is not None and now - self._written_at < LEAST_SECONDS:
            return
        self._write(now)
        if self._untold:
            self._tell(may_wait=False)

    def finish(self) -> None:
        """Write and tell what is pending, waiting up to half a second for the moment to do so."""
        if self._pending is not None:
            self._write(self._clock.now().timestamp())
        if self._untold:
            self._tell(may_wait=True)

    def _write(self, now: float) -> None:
        assert self._pending is not None
        step, self._pending = self._pending, None
        self._phase, self._written_at = step.phase, now
        if self._documents.advance(self._tenant, self._mix, step) is not None:
            self._untold = True

    def _tell(self, *, may_wait: bool) -> None:
        wait = self._documents.claim_telling(
            self._tenant, self._mix, now=self._clock.now(), seconds=LEAST_SECONDS, may_wait=may_wait
        )
        if wait is None:
            # With `may_wait`, somebody else has been granted a later moment and tells of this step too.
            self._untold = not may_wait
            return
        if wait > 0:
            self._clock.sleep(wait)
        self._notifier.notify(self._tenant, mix_topic(self._mix))
        self._untold = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()
