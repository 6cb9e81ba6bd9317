"""Two pieces in one: `python tests/accuracy/medleys.py DATA OUT [--count 24] [--seed 3]`.

Draws pairs of tracks with known beats and unlike tempos from a folder that `make accuracy` reads, cross-fades 70 s of
each over 4 s, and writes a `truth.jsonl` beside them: the beats of the first up to the middle of the fade, those of the
second from there on.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).parent))

from truth import Truth, read_truth

RATE_HZ = 44100
SKIPPED_SECONDS = 5
SECONDS = 70
FADE_SECONDS = 4
CLEAR_SECONDS = 0.1
"""Before the first beat of the second piece there is none of the first: two at once are one."""
LEAST_APART = 0.03
"""Of one tempo from the other, its half and its double."""


def excerpt(path: Path) -> np.ndarray:
    """Mono [shape=(n,)], from `SKIPPED_SECONDS` on, `SECONDS` at most."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate_hz != RATE_HZ:
        mono = soxr.resample(mono, rate_hz, RATE_HZ)
    return np.asarray(mono[SKIPPED_SECONDS * RATE_HZ : (SKIPPED_SECONDS + SECONDS) * RATE_HZ])


def medley(folder: Path, first: Truth, second: Truth) -> tuple[np.ndarray, list[float]]:
    """The sound of both, and their beats [seconds]."""
    assert first.beats is not None
    assert second.beats is not None
    one, other = excerpt(folder / first.file), excerpt(folder / second.file)
    fade = FADE_SECONDS * RATE_HZ
    falling = np.linspace(1.0, 0.0, fade, dtype=np.float32)
    sound = np.concatenate([one[:-fade], one[-fade:] * falling + other[:fade] * (1 - falling), other[fade:]])
    joint = len(one) / RATE_HZ - FADE_SECONDS / 2
    before = first.beats - SKIPPED_SECONDS
    after = second.beats - SKIPPED_SECONDS + len(one) / RATE_HZ - FADE_SECONDS
    end = len(sound) / RATE_HZ
    beats = [*before[(before >= 0) & (before < joint - CLEAR_SECONDS)], *after[(after >= joint) & (after < end)]]
    return sound / max(1.0, float(np.abs(sound).max())), [round(float(beat), 4) for beat in beats]


def main() -> None:
    parser = argparse.ArgumentParser(description="Two pieces in one, with their beats.")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    draw = np.random.default_rng(given.seed)
    known = [one for one in read_truth(given.data) if one.beats is not None and one.tempo_bpm]
    given.out.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    while len(lines) < given.count:
        first, second = (known[index] for index in draw.choice(len(known), 2, replace=False))
        ratio = (second.tempo_bpm or 0.0) / (first.tempo_bpm or 1.0)
        if min(abs(ratio / octave - 1.0) for octave in (0.5, 1.0, 2.0)) < LEAST_APART:
            continue
        sound, beats = medley(given.data, first, second)
        file = f"{len(lines):02d} {Path(first.file).stem} - {Path(second.file).stem}.flac"
        soundfile.write(given.out / file, sound, RATE_HZ)
        seconds = len(sound) / RATE_HZ
        about = {"file": file, "duration": seconds, "audible": [0, seconds], "tempo_bpm": None, "tempo_steady": False}
        lines.append(json.dumps({**about, "beats_known": True, "beats": beats, "downbeats": None}) + "\n")
    (given.out / "truth.jsonl").write_text("".join(lines))
    print(f"{len(lines)} medleys in {given.out}")


if __name__ == "__main__":
    main()
