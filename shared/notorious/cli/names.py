"""Names and times as they are printed."""

import unicodedata


def printable(text: str) -> str:
    """The same text with line breaks and other control characters written out, as `\\n` and `\\x1b`."""
    return "".join(
        char if unicodedata.category(char) not in ("Cc", "Zl", "Zp") else char.encode("unicode_escape").decode()
        for char in text
    )


def clock_time(seconds: float) -> str:
    """`3:07`, or `1:03:07` from an hour on."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
