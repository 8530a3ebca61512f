"""Names of learners, as every file system, page and terminal can hold them."""

import hashlib
import re
import unicodedata

LONGEST = 50  # characters: at four bytes each they leave room for an ending in the 255 that a system allows
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # devices, on Windows


def readable(name):
    """The name as text: bytes that are not UTF-8 are read as Latin-1, what cannot be printed becomes a blank."""
    raw = name.encode("utf-8", "surrogateescape" if all(c < "\ud800" or c > "\udbff" for c in name) else "replace")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    text = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def filename(name):
    """A name for a file or folder, on any system; two names never become one, for a changed one carries a digest."""
    text = re.sub(r'[<>:"/\\|?*]', "_", readable(name))[:LONGEST].strip(". ")
    if text and text == name and not RESERVED.fullmatch(text):
        return text
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{text[: LONGEST - 7].rstrip('. ') or 'nameless'}~{digest}"
