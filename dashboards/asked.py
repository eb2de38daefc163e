"""What a page's address asks for. Anything else in it is ignored.

Filters are carried from page to page. Those that a page does not use are put aside: they narrow
nothing there, and come back on the next page that knows them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from metrics.reads.narrow import Narrow
from ops.web.fields import day_of

PERIODS = (7, 14, 30, 90)
DEFAULT = 14
LONGEST_PERIOD = 366  # days
LONGEST = 200  # characters of a class or of a page's own parameter
STAGES = ("label", "review", "rework", "adjudicate")
BEFORE = "before"
# The filter's name in the address → the attribute that holds it.
FILTERS = {
    "project": "project_id",
    "batch": "batch_id",
    "team": "team_id",
    "vendor": "vendor_id",
    "stage": "stage",
    "class": "label",
    "skill": "skill_id",
    "labeller": "labeller_id",
}
_WORDS = ("stage", "class")


@dataclass(frozen=True)
class Asked:
    """A period of whole days that ends with `today`, filters, what to compare with, and the page's
    own parameters. A labeller's day is theirs."""

    today: date
    days: int = DEFAULT
    project_id: int | None = None
    batch_id: int | None = None
    team_id: int | None = None
    vendor_id: int | None = None
    labeller_id: int | None = None
    skill_id: int | None = None
    stage: str | None = None
    label: str | None = None
    # "before", or the id of a project.
    compare: str | int | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    # Filters that this page does not use, by their names in the address.
    aside: Mapping[str, int | str] = field(default_factory=dict)
    # What is read beside it, and what that is called.
    compared: "tuple[Asked, str] | None" = None
    # The period was given by its dates: it stays where it is tomorrow.
    dated: bool = False

    @property
    def since(self) -> date:
        """The first day of the period."""
        return self.today - timedelta(days=self.days - 1)

    @property
    def until(self) -> date:
        """The day after the last."""
        return self.today + timedelta(days=1)

    @property
    def narrow(self) -> Narrow:
        """The filters as conditions on roll-ups."""
        return Narrow(**{one.name: getattr(self, one.name) for one in fields(Narrow)})

    @property
    def filters(self) -> dict[str, int | str]:
        """The filters in force on this page, by their names in the address."""
        found = {name: getattr(self, attribute) for name, attribute in FILTERS.items()}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def span(self) -> str:
        """The period in words."""
        if not self.dated:
            return f"the last {self.days} days"
        return f"{self.since:%-d %b %Y} to {self.today:%-d %b %Y}"

    def before(self) -> "Asked":
        """The period of equal length before this one."""
        return replace(self, today=self.since - timedelta(days=1), dated=True, compare=None)

    def using(self, names: Collection[str]) -> "Asked":
        """The same with the filters outside `names` put aside."""
        others = {name: value for name, value in self.filters.items() if name not in names}
        return replace(self.without(*others), aside={**self.aside, **others})

    def without(self, *names: str) -> "Asked":
        """The same without these filters."""
        gone: dict[str, Any] = {FILTERS[name]: None for name in names}
        return replace(self, **gone)

    def address(self, path: str, **change: Any) -> str:
        """The address of `path` with the same period and filters, and what is to change."""
        asked = {**self._period(), **self.aside, **self.filters, "compare": self._compare()}
        return _address(path, {**asked, **_period_of(change)})

    def again(self, path: str, **change: Any) -> str:
        """The same, with the page's own parameters as well."""
        return self.address(path, **{**self.own, **change})

    def _period(self) -> dict[str, Any]:
        if self.dated:
            return {"since": self.since.isoformat(), "until": self.today.isoformat()}
        return {"days": self.days}

    def _compare(self) -> str | None:
        return f"project:{self.compare}" if isinstance(self.compare, int) else self.compare


def parse(search: str | None, today: date, own: Collection[str] = ()) -> Asked:
    """Read `?days=14&project=3`; what makes no sense falls back to 14 days of all projects.

    `own` are the names of the page's own parameters, which are taken as they are.
    """
    given = {name: values[0] for name, values in parse_qs((search or "").lstrip("?")).items()}
    last, days, dated = _span(given, today)
    chosen: dict[str, Any] = {}
    for name, attribute in FILTERS.items():
        read = _text if name in _WORDS else _number
        chosen[attribute] = read(given.get(name))
    if chosen["stage"] not in STAGES:
        chosen["stage"] = None
    kept = {name: said for name in own if (said := _text(given.get(name)))}
    return Asked(last, days, **chosen, compare=_compared(given), own=kept, dated=dated)


def _span(given: Mapping[str, str], today: date) -> tuple[date, int, bool]:
    """The last day, how many days, and whether they were given by their dates."""
    since, until = _date(given.get("since")), _date(given.get("until")) or today
    if since is not None:
        last = min(until, today)
        days = (last - since).days + 1
        if 1 <= days <= LONGEST_PERIOD:
            return last, days, True
    asked = _number(given.get("days"))
    return today, asked if asked in PERIODS else DEFAULT, False


def _compared(given: Mapping[str, str]) -> str | int | None:
    kind, _, which = given.get("compare", "").partition(":")
    if kind == "project":
        return _number(which)
    return BEFORE if kind == BEFORE and not which else None


def _period_of(change: Mapping[str, Any]) -> dict[str, Any]:
    """A change of the days drops the dates, and the other way round."""
    if change.get("days") is not None:
        return {"since": None, "until": None, **change}
    if change.get("since") is not None:
        return {"days": None, **change}
    return dict(change)


def _address(path: str, asked: Mapping[str, Any]) -> str:
    query = urlencode({k: v for k, v in asked.items() if v is not None and v != ""})
    return f"{path}?{query}" if query else path


def _number(text: str | None) -> int | None:
    # 18 digits fit the database's whole numbers.
    sound = text and text.isascii() and text.isdigit() and len(text) <= 18
    return int(text) if text and sound else None


def _text(text: str | None) -> str | None:
    # PostgreSQL takes no NUL in a text, nor half of a pair.
    if not text or "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        return None
    return text[:LONGEST]


def _date(text: str | None) -> date | None:
    try:
        return day_of(text or "")
    except ValueError:
        return None
