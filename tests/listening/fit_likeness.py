"""Fits `analysis/learned.npz`: what is usual of each tag, and the projections of both embeddings.

    python tests/listening/fit_likeness.py LIST [--features FILE] [--write]

LIST is a text file with a line for each recording: its path, a tab, and who made it. The networks have to be installed.
From each recording up to four excerpts of twenty seconds are heard. First the recordings are divided by artist into two
halves; what is fitted on one is measured on the other: how often the nearest excerpt is one of the same track, and the
nearest track one of the same artist. With `--write` all are then fitted together and the numbers are kept. `--features`
keeps what was heard, for another fit.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notorious.analysis import likeness
from notorious.analysis.likeness import MUSICNN, SIGNAL, Projection, fit_projection, network_features, signal_features
from notorious.analysis.network_parts import hear_patches, patches
from notorious.analysis.spectrum import RATE_HZ, hear_spectra
from notorious.audio.decode import decode_blocks, open_audio

EXCERPT_SECONDS = 20
EXCERPTS = 4
DIMENSIONS = 48
SHRINKAGE = {SIGNAL: 0.9, MUSICNN: 0.9}
LEARNED = Path(likeness.__file__).with_name("learned.npz")

Rows = NDArray[np.float64]


def excerpts(path: Path) -> list[tuple[Rows, Rows, Rows, Rows]]:
    """Signal features, network features, and mean logits of both networks, of each excerpt around the middle."""
    with open_audio(path) as reader:
        seconds = (reader.frames or 0) / reader.rate_hz
    count = min(EXCERPTS, int(seconds // EXCERPT_SECONDS))
    first = (seconds - count * EXCERPT_SECONDS) / 2
    found = []
    for number in range(count):
        start = int((first + number * EXCERPT_SECONDS) * RATE_HZ)
        frames = EXCERPT_SECONDS * RATE_HZ
        blocks = decode_blocks(path, rate_hz=RATE_HZ, channels=1, start_frame=start, frames=frames)
        mono = np.concatenate(list(blocks))[:, 0]
        heard = patches(hear_patches(mono, RATE_HZ))
        assert heard is not None, "install the networks first: notorious models install"
        logits = [some.logits.mean(axis=0).astype(np.float64) for some in (heard.msd, heard.mtt)]
        found.append((signal_features(hear_spectra(mono)), network_features(heard), *logits))
    return found


def retrieval(points: Rows, track: NDArray[np.int_], artist: NDArray[np.str_]) -> str:
    """How often the nearest neighbour is the right one, and how often chance would be."""
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    near = unit @ unit.T
    np.fill_diagonal(near, -9)
    same = np.mean(track[near.argmax(axis=1)] == track)
    chance = np.mean([(np.sum(track == one) - 1) / (len(track) - 1) for one in track])
    tracks = np.unique(track)
    maker = np.array([artist[track == one][0] for one in tracks])
    means = np.stack([unit[track == one].mean(axis=0) for one in tracks])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    near = means @ means.T
    np.fill_diagonal(near, -9)
    known = np.array([np.sum(maker == one) > 2 for one in maker])
    right = np.mean((maker[near.argmax(axis=1)] == maker)[known])
    luck = np.mean([(np.sum(maker == one) - 1) / (len(maker) - 1) for one in maker[known]])
    pairs = np.triu(np.ones_like(near, bool), 1)
    by_one = maker[:, None] == maker[None]
    usual = (np.median(near[pairs & by_one]), *np.quantile(near[pairs & ~by_one], (0.5, 0.9, 0.99)))
    return (
        f"same track {same:.3f} (chance {chance:.3f}, {len(track)} excerpts of {len(tracks)} tracks), "
        f"same artist {right:.3f} (chance {luck:.3f}, {known.sum()} tracks of {len(set(maker[known]))} artists); "
        "likeness within an artist {:.2f}, of strangers {:.2f}, one in ten {:.2f}, one in a hundred {:.2f}".format(
            *usual
        )
    )


def project(projection: Projection, features: Rows) -> Rows:
    found: Rows = ((features - projection.usual) / projection.spread) @ projection.directions
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description="Fit the embeddings.")
    arguments.add_argument("list", type=Path)
    arguments.add_argument("--features", type=Path)
    arguments.add_argument("--write", action="store_true")
    given = arguments.parse_args()
    rows: list[tuple[int, str, tuple[Rows, ...]]] = []
    kept = dict(np.load(given.features, allow_pickle=False)) if given.features and given.features.exists() else {}
    for number, line in enumerate(given.list.read_text().splitlines()):
        path, artist = line.split("\t")
        if f"{path}|0" not in kept:
            kept[f"{path}|0"] = np.zeros(0)
            found = excerpts(Path(path))
            kept[f"{path}|0"] = np.stack([np.concatenate(one) for one in found]) if found else np.zeros((0, 0))
            if given.features and number % 10 == 9:
                np.savez(given.features, **kept)
            print(path, len(found), flush=True)
        rows += [(number, artist, (one,)) for one in kept[f"{path}|0"]]
    if given.features:
        np.savez(given.features, **kept)

    track = np.array([row[0] for row in rows])
    artist = np.array([row[1] for row in rows])
    everything = np.stack([row[2][0] for row in rows])
    signal, rest = everything[:, :124], everything[:, 124:]
    features = {SIGNAL: signal, MUSICNN: np.concatenate([signal, rest[:, :400]], axis=1)}
    names, sizes = np.unique(artist, return_counts=True)
    by_size = names[np.argsort(-sizes, kind="stable")]
    half = np.isin(artist, by_size[::2])
    for name, some in features.items():
        for shrinkage in sorted({0.1, 0.5, 0.9, 1.0, SHRINKAGE[name]}):
            for fitted in (half, ~half):
                found = fit_projection(some[fitted], track[fitted], dimensions=DIMENSIONS, shrinkage=shrinkage)
                shown = retrieval(project(found, some[~fitted]), track[~fitted], artist[~fitted])
                print(f"{name}, shrinkage {shrinkage}: {shown}", flush=True)
    if given.write:
        numbers: dict[str, NDArray[np.floating]] = {}
        for name, some in features.items():
            found = fit_projection(some, track, dimensions=DIMENSIONS, shrinkage=SHRINKAGE[name])
            numbers |= {f"{name}.{part}": value.astype(np.float32) for part, value in found._asdict().items()}
            numbers[f"{name}.directions"] = found.directions.astype(np.float16)  # half the file, the same neighbours
        for name, logits in (("msd", rest[:, 400:450]), ("mtt", rest[:, 450:])):
            tracks = np.stack([logits[track == one].mean(axis=0) for one in np.unique(track)])
            numbers[f"{name}.usual"] = tracks.mean(axis=0).astype(np.float32)
            numbers[f"{name}.spread"] = tracks.std(axis=0).astype(np.float32)
        np.savez_compressed(LEARNED, **numbers)
        print(f"{LEARNED}: {LEARNED.stat().st_size} bytes")


if __name__ == "__main__":
    main()
