"""The demonstration's team: hours that people gave, shifts that follow from them, days off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ops.demo.accounts import Account
from ops.demo.client import Client
from ops.demo.people import Reader
from ops.local_time import monday
from ops.shifts.weekly import clock


@dataclass
class Shifts:
    """Who makes the team, who leads it, who belongs to it; `clients` by e-mail."""

    manager: Client
    lead: Client
    accounts: Mapping[str, Account]
    clients: Mapping[str, Client]
    readers: Sequence[Reader]

    def begin(self) -> None:
        """A team of everybody."""
        made = self.manager.post(
            "/api/v1/teams",
            {
                "name": "Digits",
                "people": [self.accounts[reader.email].id for reader in self.readers],
                "led_by": [self.accounts["ops_lead"].id],
            },
        )
        self.team = made["id"]

    def end(self, today: date) -> None:
        """What was done so far nobody planned; from now on everybody has hours, and shifts of the
        next two weeks. One is granted days off, another has asked."""
        for reader in self.readers:
            begins = round(reader.starts * 60)
            week = [f"{clock(begins)}-{clock(begins + 240)}"] * 5 + ["", ""]
            hours = {"week": week, "valid_from": today.isoformat()}
            self.clients[reader.email].put("/api/v1/hours", hours)
        first, second = self.readers[1], self.readers[4]
        asked = self._ask(first, monday(today) + timedelta(days=8), 2)
        decision = f"/api/v1/teams/{self.team}/absences/{asked}/decision"
        self.lead.post(decision, {"grant": True})
        self._plan(today)
        self._ask(second, monday(today) + timedelta(days=9), 3)

    def _plan(self, today: date) -> None:
        for n in range(3):
            week = {"week": (today + timedelta(days=7 * n)).isoformat()}
            self.lead.post(f"/api/v1/teams/{self.team}/shifts", week)

    def _ask(self, reader: Reader, first: date, days: int) -> int:
        asked = {
            "kind": "holiday",
            "first_day": first.isoformat(),
            "last_day": (first + timedelta(days=days - 1)).isoformat(),
            "note": "a long weekend",
        }
        found: int = self.clients[reader.email].post("/api/v1/hours/absences", asked)["id"]
        return found
