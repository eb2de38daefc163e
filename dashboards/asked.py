"""What a page's address asks for. Anything else in it is ignored."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qs, urlencode

PERIODS = (7, 14, 30)
DEFAULT = 14
COLOURS = ("red", "yellow", "green")
LONGEST = 100  # characters of a class


@dataclass(frozen=True)
class Asked:
    """A period of whole UTC days that ends with `today`; one project or all; a class, a colour."""

    today: date
    days: int = DEFAULT
    project_id: int | None = None
    label: str | None = None
    colour: str | None = None

    @property
    def since(self) -> date:
        """The first day of the period."""
        return self.today - timedelta(days=self.days - 1)

    @property
    def until(self) -> date:
        """The day after the last."""
        return self.today + timedelta(days=1)

    def address(self, path: str, **change: int | str | None) -> str:
        """The address of `path` with the same period and project, and what is to change."""
        asked = {"days": self.days, "project": self.project_id, **change}
        query = urlencode({k: v for k, v in asked.items() if v is not None})
        return f"{path}?{query}"


def parse(search: str | None, today: date) -> Asked:
    """Read `?days=14&project=3`; what makes no sense falls back to 14 days of all projects."""
    given = parse_qs((search or "").lstrip("?"))
    days, colour = _number(given.get("days")), given.get("colour", [""])[0]
    return Asked(
        today,
        days if days in PERIODS else DEFAULT,
        _number(given.get("project")),
        given.get("class", [""])[0][:LONGEST] or None,
        colour if colour in COLOURS else None,
    )


def _number(values: list[str] | None) -> int | None:
    text = values[0] if values else ""
    # 18 digits fit the database's whole numbers.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
