"""`make accuracy DATA=DIR`: how well the analysis hears music whose truth is known.

    python tests/accuracy/run.py DIR [--per-track] [--json FILE] [--without-only]

DIR holds audio files with a `truth.jsonl`, or is a demo crate (see `truth.py` for both shapes). The files are analysed
by the program itself, once with the installed networks and once as if there were none; nothing of the user's cache is
read or written.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from measures import MEDIANS, ROWS, measure, summary
from truth import Truth, read_truth

from notorious.networks.catalogue import folder as installed

PROGRAM = [sys.executable, "-c", "from notorious.cli.main import main; main()"]
PER_TRACK = ("beat_f", "beat_error_ms", "downbeat_f", "key_weighted", "vocals_right", "sections_f")
Heard = dict[str, dict[str, Any]]


def hear(folder: Path, *, networks: Path | None) -> Heard:
    """What the program says of every file, by its name. networks: None takes what the user has installed."""
    with tempfile.TemporaryDirectory() as cache:
        # Named before the cache is another: the user's networks lie in the user's cache.
        environment = {**os.environ, "NOTORIOUS_MODELS": str(networks or installed()), "NOTORIOUS_CACHE": cache}
        done = subprocess.run(
            [*PROGRAM, "analyze", "--json", str(folder)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    if not lines:
        raise SystemExit(
            f"the analysis of {folder} yielded nothing (exit code {done.returncode}); see its messages above"
        )
    return {Path(line["path"]).name: line for line in lines if "path" in line}


def table(columns: dict[str, list[dict[str, float]]]) -> str:
    """One line a measure, one column a run."""
    sums = {title: summary(rows) for title, rows in columns.items()}
    lines = [f"{'':<52}" + "".join(f"{title:>24}" for title in columns)]
    for name, words in ROWS.items():
        cells = [sums[title].get(name) for title in columns]
        if any(cells):
            shown = [f"{cell[0]:.{1 if name in MEDIANS else 3}f} (of {cell[1]})" if cell else "-" for cell in cells]
            lines.append(f"{words:<52}" + "".join(f"{text:>24}" for text in shown))
    return "\n".join(lines)


def per_track(truths: list[Truth], heard: Heard, rows: list[dict[str, float]]) -> str:
    """One line a track."""
    lines = [f"{'file':<44}{'truth BPM':>10}{'heard':>10}" + "".join(f"{name:>15}" for name in PER_TRACK)]
    for truth, row in zip(truths, rows, strict=True):
        bpm = heard.get(truth.file, {}).get("bpm")
        known = f"{truth.tempo_bpm:.3f}" if truth.tempo_bpm else "-"
        values = "".join(f"{row[name]:>15.2f}" if name in row else f"{'-':>15}" for name in PER_TRACK)
        lines.append(f"{truth.file[:43]:<44}{known:>10}{f'{bpm:.3f}' if bpm else 'not heard':>10}{values}")
    return "\n".join(lines)


def main() -> None:
    """Analyse, compare, print."""
    parser = argparse.ArgumentParser(description="How well the analysis hears music whose truth is known.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-track", action="store_true", help="a line for every track too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measures here")
    parser.add_argument("--without-only", action="store_true", help="do not ask the networks at all")
    options = parser.parse_args()
    try:
        truths = read_truth(options.folder)
    except FileNotFoundError as error:
        raise SystemExit(str(error)) from None
    with tempfile.TemporaryDirectory() as nothing:
        runs = {"without networks": hear(options.folder, networks=Path(nothing))}
    if not options.without_only:
        heard = hear(options.folder, networks=None)
        if any(line.get("networks") for line in heard.values()):
            runs = {"with networks": heard, **runs}
        else:
            print("no networks are installed (notorious models install): measured without them only", file=sys.stderr)
    rows = {title: [measure(truth, heard.get(truth.file)) for truth in truths] for title, heard in runs.items()}
    print(table(rows))
    if options.per_track:
        for title, heard in runs.items():
            print(f"\n{title}\n{per_track(truths, heard, rows[title])}")
    if options.json:
        content = {
            title: {
                "summary": {name: {"value": value, "tracks": count} for name, (value, count) in summary(found).items()},
                "tracks": [{"file": truth.file, **row} for truth, row in zip(truths, found, strict=True)],
            }
            for title, found in rows.items()
        }
        options.json.write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
