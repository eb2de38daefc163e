"""What one client knows: a file that outlives it, appended to with one write per line.

A process that is killed with -9 loses nothing that it had written, so the file says which answers
were sent and which were acknowledged, whatever became of the process in between.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

# An answer is sent, then acknowledged or refused; `wrong` is an error nobody may see; `empty` an
# empty answer that was looked into; `act` something else that was done, by name.
KINDS = ("sent", "acknowledged", "refused", "wrong", "empty", "act")


class Ledger:
    """An open ledger; several processes may follow one another on the same file."""

    def __init__(self, path: Path):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, kind: str, *words: object) -> None:
        """Append one line: nothing is buffered in this process."""
        line = "\t".join((kind, *(" ".join(str(word).split()) for word in words)))
        os.write(self._file, f"{line}\n".encode())


@dataclass
class Read:
    """The lines of one or many ledgers: answers by token as {token: key}, the rest as it came."""

    sent: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    empties: int = 0
    acts: dict[str, int] = field(default_factory=dict)

    @property
    def unsettled(self) -> dict[str, str]:
        """Answers that were sent and of which the sender heard nothing."""
        return {
            token: key
            for token, key in self.sent.items()
            if token not in self.acknowledged and token not in self.refused
        }


def read(*paths: Path) -> Read:
    """Everything in the ledgers at `paths`; a file that is not there yet is empty."""
    found = Read()
    for path in paths:
        if path.exists():
            for line in path.read_text().splitlines():
                _take(found, *line.split("\t"))
    return found


def _take(found: Read, kind: str, *words: str) -> None:
    match kind:
        case "sent":
            found.sent[words[0]] = words[1]
        case "acknowledged":
            found.acknowledged[words[0]] = words[1]
        case "refused":
            found.refused.add(words[0])
        case "wrong":
            found.wrong.append(" ".join(words))
        case "empty":
            found.empties += 1
        case "act":
            found.acts[words[0]] = found.acts.get(words[0], 0) + 1
