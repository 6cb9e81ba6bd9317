"""The stretcher beside python-stretch (Signalsmith), on the same sounds in one run.

Run as `python tests/bench/bench_stretch.py`. Prints seconds of audio per CPU second (median of five runs) and what each
makes of drums, tones and noise. The peer is no dependency of the package; without it only our own column is filled. It
gets a constant ratio, the only thing that it can do in one call; ours holds still at the given beats and the attacks
that it hears.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path[:0] = [str(Path(__file__).parents[1] / "listening")]

from stretch_material import (  # noqa: E402 (the material lies with the listening tests)
    RATE,
    Samples,
    bass,
    beat_frames,
    bright,
    chord,
    constant,
    hat,
    kick,
    lag_ms,
    level_db,
    placed,
    render,
    sinad_db,
    stereo,
)

from notorious.audio.stretch import TimeMap  # noqa: E402

Stretcher = Callable[[Samples, float, NDArray[np.int64]], Samples]
SECONDS, RATIO = 30.0, 1.03


def ours(source: Samples, ratio: float, beats: NDArray[np.int64]) -> Samples:
    frames = round(len(source) / ratio)
    return render(source, constant(ratio, frames), frames, beats.tolist())


def peer() -> Stretcher | None:
    """python-stretch in one call, or None where it is not installed."""
    try:
        from python_stretch import Signalsmith
    except ImportError:
        return None

    def signalsmith(source: Samples, ratio: float, beats: NDArray[np.int64]) -> Samples:
        engine = Signalsmith.Stretch()
        engine.preset(source.shape[1], RATE)
        engine.timeFactor = ratio
        return np.ascontiguousarray(engine.process(np.ascontiguousarray(source.T)).T)

    return signalsmith


def measure(stretcher: Stretcher) -> dict[str, float]:
    """Speed and qualities of one stretcher at one ratio."""
    length = int(SECONDS * RATE)
    beats = beat_frames(124, SECONDS)
    hats = beats[:-1] + np.diff(beats) // 2
    kicks_alone, hats_alone = placed(kick(), beats, length), placed(hat(1), hats, length)
    drums = stereo(kicks_alone, hats_alone)
    mix = stereo(kicks_alone, hats_alone[:, None] * [1.3, 0.7], bass(SECONDS), chord(SECONDS))

    speeds = []
    for _ in range(5):
        begun = time.process_time()
        out = stretcher(mix, RATIO, beats)
        speeds.append(SECONDS / (time.process_time() - begun))
    drums_out = stretcher(drums, RATIO, beats)
    high_in, high_out = bright(drums), bright(drums_out)
    inner, inner_hats = beats[2:-3], hats[2:-3]
    mono_in, mono_out = drums.sum(axis=1), drums_out.sum(axis=1)
    kick_lags = np.abs([lag_ms(mono_in, mono_out, at, at / RATIO) for at in inner])
    hat_lags = np.abs([lag_ms(high_in[:, 0], high_out[:, 0], at, at / RATIO) for at in inner_hats])
    softened = [level_db(high_out, at / RATIO, -1, 5) - level_db(high_in, at, -1, 5) for at in inner]
    soft_hats = [level_db(high_out, at / RATIO, -1, 5) - level_db(high_in, at, -1, 5) for at in inner_hats]
    pre_echo = [level_db(high_out, at / RATIO, -15, -3) - level_db(high_in, at, -1, 5) for at in inner_hats]

    def side(sound: Samples) -> float:
        return level_db(sound[:, 0] - sound[:, 1], 0, 0, 25000) - level_db(sound[:, 0] + sound[:, 1], 0, 0, 25000)

    seconds = np.arange(8 * RATE) / RATE
    none = np.zeros(0, dtype=np.int64)
    tones = {}
    for hertz in (55.0, 220.0, 997.0):
        tone = stretcher(stereo(0.5 * np.sin(2 * np.pi * hertz * seconds)), RATIO, none)
        tones[f"SINAD of a {hertz:.0f} Hz sine [dB]"] = sinad_db(tone[RATE : 6 * RATE, 0], [hertz])
    held = stretcher(stereo(chord(8.0)), RATIO, beats[beats < 8 * RATE])
    notes = [hertz * overtone for hertz in (220.0, 261.63, 329.63, 441.3, 659.2) for overtone in (1, 2)]
    pieces = [sinad_db(held[at : at + RATE // 2, 0], notes) for at in range(RATE, 6 * RATE, RATE // 2)]
    return {
        "speed [x real time, one core, median of 5]": float(np.median(speeds)),
        "kick timing, 95th percentile [ms]": float(np.percentile(kick_lags, 95)),
        "kick timing, worst [ms]": float(kick_lags.max()),
        "kick attack, highs, worst change [dB]": float(np.abs(softened).max()),
        "hat timing, 95th percentile [ms]": float(np.percentile(hat_lags, 95)),
        "hat attack, highs, worst change [dB]": float(np.abs(soft_hats).max()),
        "hat pre-echo against the hat, worst [dB]": float(np.max(pre_echo)),
        "side against mid, change [dB]": side(out) - side(mix),
        **tones,
        "SINAD of a chord, half seconds, median [dB]": float(np.median(pieces)),
    }


def ramp_speed() -> float:
    """Seconds of audio per CPU second where the tempo changes by 0.1 % each bar."""
    source = stereo(chord(62.0), placed(kick(), beat_frames(124, 62.0), 62 * RATE))
    bar = round(4 * 60 / 124 * RATE)
    output = [float(bar * number) for number in range(31)]
    steps = np.concatenate([[0.0], np.cumsum([bar * (1.03 - 0.001 * number) for number in range(30)])])
    time_map = TimeMap(tuple(output), tuple(steps.tolist()))
    begun = time.process_time()
    render(source, time_map, 58 * RATE)
    return 58 / (time.process_time() - begun)


def main() -> None:
    own = measure(ours)
    other = peer()
    theirs = measure(other) if other else {}
    print(f"Stretching at {RATIO:g}, {SECONDS:g} s of synthetic stereo\n")
    print(f"{'':<46}{'ours':>10}{'signalsmith':>13}")
    for name, value in own.items():
        print(f"{name:<46}{value:>10.2f}" + (f"{theirs[name]:>13.2f}" if theirs else f"{'absent':>13}"))
    print(f"{'speed on a ramp of 0.1 % a bar [x]':<46}{ramp_speed():>10.2f}{'-':>13}")
    if theirs:
        name = next(iter(own))
        print(f"\nratio of speeds, ours to theirs: {own[name] / theirs[name]:.2f}")


if __name__ == "__main__":
    main()
