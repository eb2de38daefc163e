"""What PostgreSQL's last words mean, in one line that says what to do."""

import re
from pathlib import Path

_TAIL = 20_000
# PostgreSQL reports the cause of some fatal errors in a LOG line before them.
_TROUBLE = re.compile(r"\b(FATAL|PANIC|ERROR|error|HINT):|LOG: +(unrecognized|invalid|could not)")
_CAUSES = (
    ("No space left on device", "there is no room left on the disk: free some and start again"),
    ("Disk quota exceeded", "your disk quota is used up: free some room and start again"),
    ("Address already in use", "another program has that port: choose another one"),
    ("could not map anonymous shared memory", "there is too little free memory (256 MB needed)"),
    ("canceling statement due to lock timeout", "the database is in use: stop Touchstone first"),
    ("aborting because of server version mismatch", "the server is newer than our PostgreSQL 18"),
    ("database files are incompatible", "another version of PostgreSQL made the data folder"),
)


def explain(what: str, words: str, where: Path) -> str:
    """One line from the output of a failed program; `where` is the folder or log to look at."""
    for sign, cause in _CAUSES:
        if sign in words:
            return f"PostgreSQL: {what}: {cause} ({where})."
    return f"PostgreSQL: {what}: {last_words(words)} ({where})."


def last_words(words: str) -> str:
    """The last errors in a log, or its last lines where there are none, without their stamps."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    errors = [line for line in lines if _TROUBLE.search(line)]
    chosen = (errors or lines)[-3:]
    return " | ".join(re.sub(r"^.*?\b(?=(FATAL|PANIC|ERROR|HINT|LOG):)", "", x) for x in chosen)


def size_of(log: Path) -> int:
    """Bytes in a log now, to read later what came after."""
    return log.stat().st_size if log.exists() else 0


def since(log: Path, position: int) -> str:
    """What a log received after `position` (its last part, when that is much)."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(position if position <= end else 0, end - _TAIL))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
