"""Music without voices, and the same with recorded words laid over it: material to fit and to judge `analysis.vocals`.

    python tests/listening/mix_voices.py INSTRUMENTALS SPEAKERS OUT [--seed N] [--throughout] [--every K [--from J]]

INSTRUMENTALS: what `tests/accuracy/modules.py` made, or any folder with a `truth.jsonl` of files in which nobody sings.
SPEAKERS: a folder; each of its folders that holds twenty recordings of words and more is taken for a speaker (in
Debian: ktuberling-data, klettres-data, asterisk-core-sounds-*-wav). OUT gets a `truth.jsonl` for
`fit_voice_weights.py` and `make accuracy`: of each instrumental (of one in K, counted from J) a line, and a line and a
file with a voice in one to four passages of 8 to 16 seconds, or, with --throughout, in some 80 percent of it. A passage
is between 3 dB softer and 6 dB louder than what it is laid over.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
import soxr

RATE_HZ = 44100
LONGEST_SECONDS = 170
FEWEST_RECORDINGS = 20
SOUNDS = (".ogg", ".wav", ".flac")


def mono(path):
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mixed = samples.mean(axis=1)
    return soxr.resample(mixed, rate_hz, RATE_HZ) if rate_hz != RATE_HZ else mixed


def speakers_in(folder):
    """The recordings of each speaker."""
    places = sorted({path.parent for path in folder.rglob("*") if path.suffix in SOUNDS})
    found = [sorted(path for path in place.iterdir() if path.suffix in SOUNDS) for place in places]
    return [recordings for recordings in found if len(recordings) >= FEWEST_RECORDINGS]


def words(recordings, seconds, draw):
    """Somebody saying words one after the other, equally loud, for so long."""
    said, length = [], 0
    while length < seconds * RATE_HZ:
        try:
            word = mono(recordings[draw.integers(len(recordings))])
        except soundfile.LibsndfileError:
            continue
        if not 2000 < len(word) < 8 * RATE_HZ:
            continue
        level = np.convolve(word**2, np.ones(441) / 441, "same")
        loud = np.flatnonzero(level > level.max() * 10**-3.5)
        word = word[loud[0] : loud[-1] + 1]
        said += [
            word / (np.sqrt(np.mean(word**2)) + 1e-9),
            np.zeros(int(draw.uniform(0.03, 0.2) * RATE_HZ), np.float32),
        ]
        length += len(said[-2]) + len(said[-1])
    return np.concatenate(said)[: int(seconds * RATE_HZ)]


def passages(seconds, throughout, draw):
    """Where the voice begins and how long it lasts."""
    count = max(1, int(seconds // 30)) if throughout else max(1, min(4, int(seconds // 45)))
    part = seconds / count
    for number in range(count):
        length = part * draw.uniform(0.7, 0.92) if throughout else min(draw.uniform(8, 16), part - 2)
        yield number * part + draw.uniform(1, max(1.1, part - length - 1)), length


def main() -> None:
    parser = argparse.ArgumentParser(description="Music without voices, and with words laid over it.")
    for name in ("instrumentals", "speakers", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--throughout", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="take one instrumental of so many")
    parser.add_argument("--from", type=int, default=0, dest="first")
    given = parser.parse_args()
    draw = np.random.default_rng(given.seed)
    speakers = speakers_in(given.speakers)
    if not speakers:
        raise SystemExit(f"in {given.speakers} is no folder with {FEWEST_RECORDINGS} recordings")
    given.out.mkdir(parents=True, exist_ok=True)
    told = [json.loads(line) for line in (given.instrumentals / "truth.jsonl").read_text().splitlines()]
    kind = "throughout" if given.throughout else "mixes"
    lines = []
    for number, one in enumerate(told):
        if number % given.every != given.first:
            continue
        path = (given.instrumentals / one["file"]).resolve()
        # Pieces of one package are of few hands: they stay in one half.
        half = sum(ord(letter) for letter in one["file"].split("-")[0] if not letter.isdigit()) % 2
        seconds = soundfile.info(path).duration
        about = {"audible": [0, seconds], "duration": seconds, "half": half}
        lines.append({"file": str(path), "vocals": False, "vocal_regions": [], "origin": "instrumentals", **about})
        samples = mono(path)[: LONGEST_SECONDS * RATE_HZ]
        recordings = speakers[number * 5 % len(speakers)]
        regions = []
        for start, length in passages(len(samples) / RATE_HZ, given.throughout, draw):
            voice = words(recordings, length, draw)
            under = samples[int(start * RATE_HZ) :][: len(voice)]
            loud = np.sqrt(np.mean(under**2) + 1e-8) * 10 ** (draw.uniform(-3, 6) / 20)
            under += voice[: len(under)] * loud
            regions.append([round(start, 2), round(start + len(under) / RATE_HZ, 2)])
        samples /= max(1.0, float(np.abs(samples).max()) * 1.01)
        file = given.out / f"{path.stem}.flac"
        soundfile.write(file, samples, RATE_HZ, format="FLAC", subtype="PCM_16")
        about |= {"duration": len(samples) / RATE_HZ, "audible": [0, len(samples) / RATE_HZ]}
        lines.append({"file": file.name, "vocals": True, "vocal_regions": regions, "origin": kind, **about})
    (given.out / "truth.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    print(f"{sum(line['vocals'] for line in lines)} mixes of {len(lines)} tracks in {given.out}")


if __name__ == "__main__":
    main()
