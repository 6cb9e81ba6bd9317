"""A set as a list for people, and as an object for programs."""

from typing import Any

from notorious.cli.names import clock_time, printable
from notorious.cli.screen import Screen
from notorious.planning.plan import Plan
from notorious.rendering.clock import Clock


def print_set(plan: Plan, screen: Screen, *, reasons: bool = False) -> None:
    """Print the tracks with their times, and between them how one goes into the next."""
    out = screen.out
    for row in set_object(plan)["slots"]:
        name = printable(f"{row['artist']} - {row['title']}" if row["artist"] else row["title"])
        out.print(
            f"{clock_time(row['start_seconds']):>8}  {name}  [{row['bpm']:.2f} BPM, {row['camelot']}, "
            f"energy {row['energy_level']:.0f}]"
        )
        if reasons:
            for reason in row["reasons"]:
                out.print(f"{'':>10}{reason}")
        transition = row["transition"]
        if transition is not None:
            out.print(
                f"{clock_time(transition['start_seconds']):>8}    {transition['technique'].replace('_', ' ')}, "
                f"{transition['length_beats']:g} beats at {transition['bpm']:.2f} BPM, score {transition['score']:.0f}"
            )
            if reasons:
                for reason in transition["reasons"]:
                    out.print(f"{'':>12}{reason}")
    count = len(plan.slots)
    out.print(f"{clock_time(plan.duration_seconds):>8}  {count} {'track' if count == 1 else 'tracks'}, score "
              f"{plan.score.total:.0f} of 100")  # fmt: skip
    for left in plan.left_out:
        screen.say(f"Left out: {printable(left.path)}: {left.reason}")


def set_object(plan: Plan) -> dict[str, Any]:
    """The set with times in seconds of the mix, which a plan file holds in beats."""
    clock = Clock(plan.clock)
    slots: list[dict[str, Any]] = []
    for slot in plan.slots:
        transition = plan.transitions[slot.index] if slot.index < len(plan.transitions) else None
        slots.append(
            {
                "start_seconds": round(float(clock.seconds(slot.mix_start_beat)), 3),
                "end_seconds": round(float(clock.seconds(slot.mix_end_beat)), 3),
                "path": slot.track.path,
                "title": slot.track.title,
                "artist": slot.track.artist,
                "bpm": slot.track.bpm,
                "camelot": slot.track.camelot,
                "key_name": slot.track.key_name,
                "energy_level": slot.track.energy_level,
                "target_energy": slot.target_energy,
                "reached_energy": slot.reached_energy,
                "score": slot.score.total,
                "reasons": list(slot.reasons),
                "transition": None
                if transition is None
                else {
                    "start_seconds": round(float(clock.seconds(transition.start_beat)), 3),
                    "end_seconds": round(float(clock.seconds(transition.start_beat + transition.length_beats)), 3),
                    "technique": transition.technique,
                    "length_beats": transition.length_beats,
                    "bpm": transition.bpm,
                    "score": transition.score.total,
                    "components": [component.model_dump() for component in transition.score.components],
                    "reasons": list(transition.reasons),
                },
            }
        )
    return {
        "title": plan.title,
        "duration_seconds": round(plan.duration_seconds, 3),
        "score": plan.score.total,
        "brief": plan.brief.model_dump(mode="json"),
        "slots": slots,
        "left_out": [left.model_dump() for left in plan.left_out],
    }
