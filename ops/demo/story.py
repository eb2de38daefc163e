"""What happens in the two weeks before you look: three batches of digits, told through the API.

The first batch is labelled, reviewed, re-scored and delivered; the second is held back by the gate
because its review is half done; the third is in progress.
"""

import re
import time as real_time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.demo.accounts import CLIENT, Account
from ops.demo.applicants import Hiring
from ops.demo.client import Client
from ops.demo.digits import CLASSES, fingerprint, name_of
from ops.demo.floor import Floor
from ops.demo.lessons import Lessons
from ops.demo.people import Reader
from ops.demo.portal import Portal
from ops.demo.shifts import Shifts
from ops.errors import TouchstoneError

BATCHES = (
    ("Archive boxes 1–4", 0, 400),
    ("Archive boxes 5–8", 400, 800),
    ("Archive boxes 9–12", 800, 1200),
)
GOLD_EVERY = 15
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WAIT_SECONDS = 600
OVERTIMES = 4
GUIDELINE = """# Which digit is it?

Say which digit the **writer meant**, not which one the strokes happen to resemble.

| you see | it is |
|---|---|
| a straight stroke, with or without a foot | **1** |
| a bar across the stem | **7** |
| an open top | **4** |
| a closed loop at the top, tail straight or curved | **9** |

- If two readings seem equally likely, choose the likelier one: others see it too, and where you
  disagree an expert decides.
- Skip only what is broken or shows no digit at all.
"""


@dataclass
class Story:
    """The people of the story and the floor they work on; `tell` lets it happen."""

    floor: Floor
    readers: list[Reader]
    accounts: dict[str, Account]
    client: Callable[[Account], Client]
    pictures: Path
    night: Callable[[], None]
    start: datetime

    def __post_init__(self) -> None:
        self.lead = self.client(self.accounts["ops_lead"])
        self.manager = self.client(self.accounts["onboarding_manager"])
        self.hiring = Hiring(self.manager)
        self.floor.clients = {r.email: self.client(self.accounts[r.email]) for r in self.readers}
        self.shifts = Shifts(
            self.manager, self.lead, self.accounts, self.floor.clients, self.readers
        )
        self.labellers = [r for r in self.readers if r.role == "labeller"]
        self.judges = [r for r in self.readers if r.role != "labeller"]
        askers = [self.floor.clients[r.email] for r in self.labellers]
        client = self.client(self.accounts["client"])
        self.portal = Portal(client, self.lead, askers, self.floor.digits)

    def tell(self) -> None:
        """Fourteen days, the last of which is yesterday."""
        self._at(0, 7)
        self.project = self._project()
        first = self._batch(0)
        self.portal.begin(self.project)
        self._people()
        self.hiring.begin(self.project)
        self._work(range(5), self.readers)
        self._re_score(first, sample=70)
        self._work([5], self.judges)
        self._deliver(first)
        second = self._batch(1)
        self._work(range(6, 10), self.readers)
        self._work([10], self.judges)
        self._re_score(second, sample=70)
        self._work([11], self.judges, share=0.35)
        self._settle(6)
        self._batch(2)
        self._at(12, 5)
        self.portal.ask(self.project, GUIDELINE)
        self._work([12, 13], self.labellers, share=0.9)  # the judges are away
        self.shifts.end(self._at(13, 20).date())
        self.portal.end(self.project)

    def _at(self, day: int, hour: float) -> datetime:
        moment = self.start + timedelta(days=day, hours=hour)
        self.floor.time.set(moment)
        return moment

    def _project(self) -> int:
        made = self.lead.post(
            "/api/v1/projects",
            {
                "name": "Handwritten digits",
                "client": CLIENT,
                "medium": "image",
                "purpose": "Make the numbered boxes of an archive searchable.",
                "settings": {
                    "wanted_answers": 3,
                    "cost_per_hour": 14.0,
                    "gate": {"accuracy": 0.95, "review_sample": 60},
                },
            },
        )["id"]
        classes = [
            {"key": key, "name": key, "hotkey": key, "description": f"The digit {word}"}
            for key, word in zip(CLASSES, WORDS, strict=True)
        ]
        self.lead.put(f"/api/v1/projects/{made}/ontology", {"classes": classes})
        self.lead.put(f"/api/v1/projects/{made}/guideline", {"markdown": GUIDELINE})
        return made

    def _batch(self, number: int) -> int:
        name, begin, end = BATCHES[number]
        batch = self.lead.post(f"/api/v1/projects/{self.project}/batches", {"name": name})["id"]
        rows = [self._row(i) for i in range(begin, end)]
        self.lead.post(f"/api/v1/batches/{batch}/assets", {"rows": rows})
        return batch

    def _row(self, i: int) -> dict[str, object]:
        row: dict[str, object] = {
            "external_id": name_of(i),
            "uri": str(self.pictures / name_of(i)),
            "metadata": {"box": i // 100 + 1},
        }
        if i % GOLD_EVERY == 0:
            row["gold"] = CLASSES[self.floor.digits.truth[i]]
        return row

    def _people(self) -> None:
        """Everyone joins; labellers earn the certificate by the assessment, or by hand."""
        project = self.lead.get(f"/api/v1/projects/{self.project}")
        skill = project["skill"]
        for role, account in self.accounts.items():
            if role == "client":  # sees the projects of the organisation as it is
                continue
            self.lead.post(f"/api/v1/projects/{self.project}/members", {"user": account.id})
        self._ask_for_certificates(skill)
        lessons = Lessons(self.manager, self.floor.clients, self.floor)
        lessons.teach(self.project, self.labellers[-7:])
        taking = {reader.email for reader in self.labellers[-5:]}
        self._assess([r for r in self.labellers if r.email in taking])
        until = (self.start + timedelta(days=380)).date().isoformat()
        for key in ("labeller", *(r.email for r in self.labellers)):
            reason = "worked on the pilot"
            if key in taking:
                reason = "on trial, under gold"  # some of them did not pass
            body = {"skill": skill, "level": 1, "valid_until": until, "reason": reason}
            self.manager.post(f"/api/v1/people/{self.accounts[key].id}/certificates", body)
        self._rates()
        self.shifts.begin()
        self.lead.post(f"/api/v1/projects/{self.project}/start")

    def _rates(self) -> None:
        """Labels are paid one by one, reviews by the hour."""
        for stage, basis, amount in (("", "label", "0.06"), ("review", "hour", "15")):
            rate = {
                "whom": "",
                "project": "",
                "stage": stage,
                "basis": basis,
                "amount": amount,
                "currency": "EUR",
                "valid_from": self.start.date().isoformat(),
                "reason": "agreed before the pilot",
            }
            self.manager.form("/pay/rates", list(rate.items()))

    def _settle(self, day: int) -> None:
        """What everybody earned up to a day is settled."""
        last = (self.start + timedelta(days=day)).date().isoformat()
        self.manager.form("/pay/settle", [("last", last)])

    def _ask_for_certificates(self, skill: str) -> None:
        page = self.lead.page(f"/projects/{self.project}/people") or ""
        found = re.search(rf'<option value="(\d+)"[^>]*>\s*{re.escape(skill)}', page)
        if found is None:
            raise TouchstoneError("the people page offers no skill to ask for")
        path = f"/projects/{self.project}/requirements"
        self.lead.form(path, [("skill.label", found.group(1)), ("level.label", "1")])

    def _assess(self, takers: list[Reader]) -> None:
        fields = {
            "title": "Reading digits",
            "project": str(self.project),
            "questions": "12",
            "pass_percent": "85",
            "minutes": "20",
            "attempts": "2",
            "level": "1",
            "valid_days": "365",
            "skill": "",
        }
        path = self.manager.form("/onboarding/assessments/new", list(fields.items()))
        for reader in takers:
            self._take(self.floor.clients[reader.email], reader, f"{path}/begin")

    def _take(self, client: Client, reader: Reader, begin: str) -> None:
        digits, known = self.floor.digits, self.floor.digits.by_content()
        path = client.form(begin)
        while (page := client.page(path)) is not None:
            action = _found(r'action="([^"]+)" data-question', page)
            seen = known[fingerprint(client.data(f"{action}/medium"))]
            answer, seconds = reader.reads(digits, seen, self.floor.rng)
            self.floor.time.set(self.floor.time() + seconds)
            client.form(action, [("class", answer)])

    def _work(self, days: Iterable[int], who: list[Reader], share: float = 1.0) -> None:
        for day in days:
            self._at(day, 6)
            self.hiring.day(day)
            self.floor.day(self._at(day, 0), who, share)
            self.night()

    def _re_score(self, batch: int, *, sample: int) -> None:
        self._sample(batch, sample)
        self._run(batch)

    def _sample(self, batch: int, n: int) -> None:
        """Draw a sample; as long as a rule has some of the labels done again, work goes on."""
        path, drawn = f"/api/v1/batches/{batch}/review-sample", {"n": n}
        for _ in range(OVERTIMES):
            try:
                self.lead.post(path, drawn)
            except TouchstoneError:
                self._overtime()
            else:
                return
        self.lead.post(path, drawn)

    def _overtime(self) -> None:
        """Everybody works on for a while, from where the day is."""
        now = datetime.fromtimestamp(self.floor.time(), UTC)
        self.floor.day(now - timedelta(hours=7), self.readers, 0.4)

    def _run(self, batch: int) -> None:
        """Ask for a re-score run and wait for the worker to end it."""
        self.lead.post(f"/api/v1/batches/{batch}/rescore-runs")
        deadline = real_time.monotonic() + WAIT_SECONDS
        while real_time.monotonic() < deadline:
            run = self.lead.get(f"/api/v1/batches/{batch}/rescore-runs")["runs"][0]
            if run["state"] == "failed":
                raise TouchstoneError(f"re-scoring failed: {run['error']}")
            if run["state"] == "done":
                return
            real_time.sleep(0.5)
        raise TouchstoneError("re-scoring took too long; is the worker running?")

    def _deliver(self, batch: int) -> None:
        """Deliver; while the gate asks for more reviews, draw them and let the judges work."""
        for _ in range(6):
            gate = self.lead.get(f"/api/v1/batches/{batch}/gate")
            if gate["passed"]:
                self.lead.post(f"/api/v1/batches/{batch}/deliver")
                self.night()
                return
            terms = {reason["term"]: reason for reason in gate["reasons"]}
            more = terms.get("accuracy", {}).get("settle")
            if more:
                self._sample(batch, min(more, 120))
            if terms.get("rescore"):
                self._run(batch)
            self.floor.day(self._at(5, 12), self.judges, 2.0)
            if self.lead.get(f"/api/v1/batches/{batch}")["state"] != "complete":
                self._overtime()
        raise TouchstoneError(f"the first batch is not let go: {gate['reasons']}")


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    if found is None:
        raise TouchstoneError(f"the page shows no {pattern}")
    return found.group(1)
