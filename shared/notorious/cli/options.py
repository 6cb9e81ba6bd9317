"""The options that several commands share.

The choices are written out here rather than taken from the rooms that own them, since the help must not wait for
those to be loaded; a test holds them against each other.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

CurveName = Literal["build", "decline", "wave", "steady", "double-peak", "late-peak", "rollercoaster", "plateau-peak"]
TimeName = Literal["opening", "prime", "closing"]
VenueName = Literal["intimate", "energetic"]
RuleName = Literal["practice", "genre"]
FormatName = Literal["wav", "flac", "mp3", "ogg", "opus", "m4a"]

_SET = "The set"
_TRACKS = "The tracks"

Paths = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Audio files, and folders of them.")]

Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, metavar="N", help="Work in N processes.", show_default="one a core"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs on standard output.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Overwrite what is there already.")]

Minutes = Annotated[
    float | None,
    typer.Option(
        min=0.1, max=1440, metavar="M", help="Length of the set.", show_default="every track that fits",
        rich_help_panel=_SET,
    ),
]  # fmt: skip
Curve = Annotated[CurveName, typer.Option(help="How the energy goes through the set.", rich_help_panel=_SET)]
Plateaus = Annotated[
    list[str] | None,
    typer.Option(
        "--plateau", metavar="START-END:ENERGY[:PURPOSE]", rich_help_panel=_SET,
        help="A stretch of constant energy, in shares of the set: 0.4-0.6:0.9:peak, or 40%-60%:0.9. May be repeated.",
    ),
]  # fmt: skip
TimeOfDay = Annotated[
    TimeName | None,
    typer.Option(help="When in the night it is played.", rich_help_panel=_SET),
]
Venue = Annotated[VenueName | None, typer.Option(help="Where it is played.", rich_help_panel=_SET)]
Genre = Annotated[
    str | None,
    typer.Option(
        metavar="GENRE", help="Genre whose rules hold for tempo and transitions.", show_default="each track's own tag",
        rich_help_panel=_SET,
    ),
]  # fmt: skip
Rule = Annotated[
    RuleName,
    typer.Option(
        rich_help_panel=_SET,
        help="Length of transitions: as measured on real mixes, or a target per genre.",
    ),
]  # fmt: skip
Boosts = Annotated[
    bool,
    typer.Option(
        "--boosts/--no-boosts", help="Allow harmonic moves that lift the room a step up.", rich_help_panel=_SET
    ),
]
TrustTags = Annotated[
    float,
    typer.Option(
        "--trust-key-tags", min=0.0, max=1.0, metavar="SHARE", rich_help_panel=_SET,
        help="How far the key in a file's tags is trusted against the ear: 0 not at all, 1 alone.",
    ),
]  # fmt: skip
Seed = Annotated[
    int,
    typer.Option(metavar="N", help="Another number gives another set; the same number the same.", rich_help_panel=_SET),
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="TRACK", help="First track: its path, a part of its title, or the beginning of its hash.",
        rich_help_panel=_TRACKS,
    ),
]  # fmt: skip
End = Annotated[str | None, typer.Option(metavar="TRACK", help="Last track.", rich_help_panel=_TRACKS)]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="TRACK", help="Leave this track out. May be repeated.", rich_help_panel=_TRACKS),
]
Bpm = Annotated[
    str | None,
    typer.Option(metavar="MIN-MAX", help="Only tracks in this range of tempo: 120-128.", rich_help_panel=_TRACKS),
]
