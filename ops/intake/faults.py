"""What is wrong with an import: up to a hundred faults by line and field, then it stops."""

from typing import Any

from ops.errors import InvalidInput

MOST = 100


class Faults:
    """Collects faults; at the hundredth it gives up, because the reader has seen enough."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        # What is counted by `line`: a line, or an image, a task, a file.
        self.unit = "line"

    def add(self, line: int | None, field: str, message: str, external_id: str = "") -> None:
        """Note one fault. Raises InvalidInput at the hundredth."""
        fault: dict[str, Any] = {"line": line, "field": field, "message": message}
        if external_id:
            fault["external_id"] = external_id[:200]
        if self.unit != "line":
            fault["unit"] = self.unit
        self.found.append(fault)
        if len(self.found) >= MOST:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise InvalidInput with everything found, if anything was."""
        if not self.found:
            return
        first, n = self.found[0], len(self.found)
        count = f"{n} faults" if n < MOST else f"{n} faults or more"
        where = (
            f"{self.unit} {first['line']}, {first['field']}" if first["line"] else first["field"]
        )
        message = f"{where}: {first['message']}"
        if n > 1:
            message = f"{count}; the first: {message}"
        raise InvalidInput(f"Nothing was imported. {message}", field=None, errors=self.found)
