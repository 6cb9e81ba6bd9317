"""A sound file that is the same bytes everywhere, so that captured events can name it by its hash."""

import io
import wave


def clicks(seconds: int = 4, *, rate_hz: int = 22050) -> bytes:
    """A click every half second, mono, 16 bits, made of whole numbers only."""
    period, frames = rate_hz // 2, seconds * rate_hz
    samples = bytearray()
    for frame in range(frames):
        since = frame % period
        level = (400 - since) * 60 if since < 400 else 0
        sign = 1 if since // 50 % 2 == 0 else -1
        samples += (sign * level).to_bytes(2, "little", signed=True)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(bytes(samples))
    return buffer.getvalue()
