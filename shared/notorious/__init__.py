"""Notorious hears tracks, plans a set, renders it as one recording, and says why.

    import notorious

    crate = notorious.analyze(["~/Music"])
    plan = notorious.plan(crate, notorious.Brief(minutes=60))
    notorious.mix(plan, "mix.flac")

docs/api.md describes this public face; everything else may change.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from notorious.analysis.model import Analysis, Track
    from notorious.api import analyze, explain, make_demo_crate, mix, plan, preview
    from notorious.errors import (
        AudioError,
        BriefError,
        Cancelled,
        InputError,
        NothingToMix,
        NotoriousError,
        OutputError,
        OutputExists,
        OutputFailed,
        PlanError,
        UnreadableAudio,
        UnusableAudio,
    )
    from notorious.library.crate import Crate
    from notorious.library.finding import find_track
    from notorious.library.scan import Skipped
    from notorious.planning.brief import Brief, PlateauWish
    from notorious.planning.edit import read_plan, write_plan
    from notorious.planning.plan import Plan
    from notorious.rendering.master import RenderReport
    from notorious.rendering.preview import PreviewRange

_HOME = {
    "Analysis": "analysis.model",
    "AudioError": "errors",
    "Brief": "planning.brief",
    "BriefError": "errors",
    "Cancelled": "errors",
    "Crate": "library.crate",
    "InputError": "errors",
    "NothingToMix": "errors",
    "NotoriousError": "errors",
    "OutputError": "errors",
    "OutputExists": "errors",
    "OutputFailed": "errors",
    "Plan": "planning.plan",
    "PlanError": "errors",
    "PlateauWish": "planning.brief",
    "PreviewRange": "rendering.preview",
    "RenderReport": "rendering.master",
    "Skipped": "library.scan",
    "Track": "analysis.model",
    "UnreadableAudio": "errors",
    "UnusableAudio": "errors",
    "analyze": "api",
    "explain": "api",
    "find_track": "library.finding",
    "make_demo_crate": "api",
    "mix": "api",
    "plan": "api",
    "preview": "api",
    "read_plan": "planning.edit",
    "write_plan": "planning.edit",
}

__all__ = [
    "Analysis",
    "AudioError",
    "Brief",
    "BriefError",
    "Cancelled",
    "Crate",
    "InputError",
    "NothingToMix",
    "NotoriousError",
    "OutputError",
    "OutputExists",
    "OutputFailed",
    "Plan",
    "PlanError",
    "PlateauWish",
    "PreviewRange",
    "RenderReport",
    "Skipped",
    "Track",
    "UnreadableAudio",
    "UnusableAudio",
    "__version__",
    "analyze",
    "explain",
    "find_track",
    "make_demo_crate",
    "mix",
    "plan",
    "preview",
    "read_plan",
    "write_plan",
]


def __getattr__(name: str) -> Any:
    # Only when asked for: `notorious --help` must not wait for SciPy.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
