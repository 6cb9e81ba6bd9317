"""A medley's beats are those of its first piece up to the middle of the fade, and of its second from there on."""

import json
import sys
from pathlib import Path

import medleys
import numpy as np
import pytest
import soundfile
from truth import read_truth

CLICK = np.hanning(200)
PERIODS = {"slow.wav": 0.5, "fast.wav": 0.4}


@pytest.fixture
def pieces(tmp_path: Path) -> Path:
    lines = []
    for name, period in PERIODS.items():
        sound = np.zeros(90 * medleys.RATE_HZ, np.float32)
        for beat in np.arange(1.0, 89.0, period):
            start = round(beat * medleys.RATE_HZ)
            sound[start : start + 200] += CLICK
        soundfile.write(tmp_path / name, sound, medleys.RATE_HZ)
        known = {"beats_known": True, "first_beat_s": 1.0, "tempo_bpm": 60 / period}
        lines.append(json.dumps({"file": name, "duration": 90.0, **known}))
    (tmp_path / "truth.jsonl").write_text("\n".join(lines))
    return tmp_path


def test_every_beat_of_a_medley_lies_on_a_click(
    pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "medleys"
    monkeypatch.setattr(sys, "argv", ["medleys.py", str(pieces), str(out), "--count", "2"])
    medleys.main()
    assert "2 medleys" in capsys.readouterr().out
    for truth in read_truth(out):
        sound, rate_hz = soundfile.read(out / truth.file)
        assert len(sound) == (2 * medleys.SECONDS - medleys.FADE_SECONDS) * rate_hz
        assert truth.beats is not None
        assert truth.steady is False
        first, second = (PERIODS[f"{name.strip()}.wav"] for name in Path(truth.file).stem[3:].split("-"))
        joint = medleys.SECONDS - medleys.FADE_SECONDS / 2
        gaps = np.diff(truth.beats)
        assert gaps[truth.beats[1:] < joint] == pytest.approx(first, abs=1e-3)
        assert gaps[truth.beats[:-1] >= joint] == pytest.approx(second, abs=1e-3)
        for beat in truth.beats[(truth.beats > 1) & (truth.beats < len(sound) / rate_hz - 1)]:
            there = round(beat * rate_hz)
            assert sound[there : there + 200].max() > 0.3
